/**
 * How long readers get no answer while the indexer restarts, with and without a standby: after SIGTERM, SIGKILL, a crash
 * of the database, and a new build. The baseline is the same with a thousand runs.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { startPostgres } from '../devnet/postgres.ts'
import type { Measurement } from './figure.ts'
import { type Event, withoutStandby, withStandby } from './restartLegs.ts'
import { type RestartMarket, startRestartChain, startRestartMarket } from './restartMarket.ts'
import { isQuick, workload } from './workload.ts'

const many = workload.runs
const few = 1_000

/** How long an event comes after a block. A crash within milliseconds of a block may lose it, which its readers wait for. */
const AFTER_BLOCK_MS = 100

/** The interval between two reads. */
const READ_INTERVAL_MS = 20

/** How long reads go on once readers see new blocks again: a build that rebuilds its indexes stops answering then. */
const AFTER_MS = 1_000

const WITH_STANDBY = 'with a standby'

export async function measure() {
  await using parts = new AsyncDisposableStack()
  const postgres = await startPostgres({ settings: { shared_buffers: '1GB', max_wal_size: '8GB' } })
  parts.defer(postgres.stop)
  const chain = await startRestartChain(postgres)
  parts.defer(chain.stop)
  const outages = new Map<number, Map<string, number>>()
  // A look does without the baseline, which takes as long.
  for (const runs of isQuick ? [many] : [few, many]) {
    console.log(`A market with ${runs} runs`)
    const market = await startRestartMarket(postgres, chain, runs)
    outages.set(runs, await measureLegs(market, postgres.crash))
    await market.stop()
  }
  const measurements = [...(outages.get(many) ?? [])].map(([leg, value]): Measurement => {
    const baseline = outages.get(few)?.get(leg)
    const atMost = leg.endsWith(WITH_STANDBY) ? 2 : 5
    const figure = `longest time without an answer, ${leg}, ${many} runs`
    return { figure, unit: 's', value, ...(baseline !== undefined && { baseline }), goal: { atMost } }
  })
  return {
    measurements,
    notes: [limits],
  }
}

/** From the log lines of all processes with their times. */
const limits = `A crash of PostgreSQL ends both indexers. Readers get answers again as soon as PostgreSQL has recovered, because a block that
they saw is on the disk. With a standby, the indexer that they see waits until the other has caught up and takes over. Without
one, its restart is a second time without answers, as after SIGKILL: it reverts the blocks that are not finalized, and
replays them: those of a minute, up to fifty in a transaction. Until the replay has the last block that readers saw, an answer would
show them an earlier market. A crash within milliseconds of a block may lose it; then both times and the start of the process
between them are one.`

/** @returns the longest time between two answers in each leg, in seconds. */
async function measureLegs(market: RestartMarket, crash: () => Promise<void>): Promise<Map<string, number>> {
  const longest = new Map<string, number>()
  const measureAs = (variant: string) => async (event: Event, leg: () => Promise<void>) => {
    await market.indexed()
    const reads = watchReads(market.api.url)
    await sleep(AFTER_BLOCK_MS)
    await leg()
    await market.indexed()
    await sleep(AFTER_MS)
    const seconds = await reads.stop()
    longest.set(`${event}, ${variant}`, seconds)
    console.log(`  ${event}, ${variant}: ${seconds.toFixed(2)} s without an answer`)
  }
  const serving = await withStandby(market, crash, measureAs(WITH_STANDBY))
  // A look does without: these legs take as long again.
  if (isQuick) await serving.stop()
  else await withoutStandby(market, serving, crash, measureAs('without one'))
  return longest
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
  // `stop` throws it. Where a leg fails first, its error is the one to report.
  reading.catch(() => undefined)
  return {
    async stop() {
      isOver = true
      await reading
      return longest / 1_000
    },
  }
}
