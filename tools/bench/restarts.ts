/**
 * How long readers of a market with a million runs get no answer while its one indexer restarts: after SIGTERM, after
 * SIGKILL, after a crash of the database, and for a new build. The chain makes five blocks a second, as Base does.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { startPostgres } from '../devnet/postgres.ts'
import { type Measurement, worstOf } from './figure.ts'
import { type RestartMarket, startRestartMarket } from './restartMarket.ts'

/** How long an event comes after a block. A crash within milliseconds of a block may lose it, which its readers wait for. */
const AFTER_BLOCK_MS = 100

/** The interval between two reads. */
const READ_INTERVAL_MS = 20

/** How long reads go on once readers see new blocks again: a build that rebuilds its indexes stops answering then. */
const AFTER_MS = 1_000

/** Time for the log line of a switch. */
const SWITCH_LIMIT_MS = 60_000

export async function measure() {
  await using parts = new AsyncDisposableStack()
  const postgres = await startPostgres({ settings: { shared_buffers: '1GB', max_wal_size: '8GB' } })
  parts.defer(postgres.stop)
  const market = await startRestartMarket(postgres)
  parts.defer(market.stop)
  const measurements = await measureEvents(market, postgres.crash)
  return {
    measurements: [...measurements, worstOf('the longest of these times', measurements, { atMost: 5 })],
    notes: [
      `A restarted indexer reverts the blocks that are not finalized, and replays them: those of a minute. Until the replay has the
last block that readers saw, an answer would show them an earlier market. A crash within milliseconds of a block may lose it.`,
    ],
  }
}

async function measureEvents(market: RestartMarket, crash: () => Promise<void>): Promise<Measurement[]> {
  const measurements: Measurement[] = []
  let indexer = await market.start({})

  async function measureEvent(event: string, happen: () => Promise<void>) {
    await market.indexed()
    const reads = watchReads(market.apiUrl)
    await sleep(AFTER_BLOCK_MS)
    await happen()
    await market.indexed()
    await sleep(AFTER_MS)
    const value = await reads.stop()
    console.log(`  ${event}: ${value.toFixed(2)} s without an answer`)
    measurements.push({ figure: `time without an answer, ${event}`, unit: 's', value })
  }

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    await measureEvent(`restart after ${signal}`, async () => {
      process.kill(indexer.part.pid, signal)
      await indexer.part.ended
      indexer = await market.start({})
    })
  }
  await measureEvent('crash of PostgreSQL', async () => {
    const restarting = indexer.part.ended.then(() => market.start({}))
    await crash()
    indexer = await restarting
  })
  await measureEvent('redeploy', async () => {
    const replacement = await market.start({ isNewBuild: true, redeploy: true })
    await replacement.part.saw(/Readers see this build/, SWITCH_LIMIT_MS)
    await indexer.stop()
  })
  return measurements
}

/** Reads a list over and over. @returns a function that stops and returns the longest time between two answers, in seconds. */
function watchReads(url: string) {
  let isOver = false
  let longest = 0
  const reading = (async () => {
    let answeredAt = performance.now()
    while (!isOver) {
      const { status } = await fetch(`${url}/api/runs?state=OPEN&sort=reward&limit=5`)
      longest = Math.max(longest, performance.now() - answeredAt)
      if (status === 200) answeredAt = performance.now()
      await sleep(READ_INTERVAL_MS)
    }
  })()
  // `stop` throws it. Where an event fails first, its error is the one to report.
  reading.catch(() => undefined)
  return {
    async stop() {
      isOver = true
      await reading
      return longest / 1_000
    },
  }
}
