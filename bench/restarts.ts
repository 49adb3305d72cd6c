/**
 * How long readers get no answer while the indexer restarts: after SIGTERM, and after SIGKILL, whose start waits until
 * the killed process's lock can be cleared. The baseline is the same with a thousand runs.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Indexer, startIndexer } from '../devnet/indexer.ts'
import { startPostgres } from '../devnet/postgres.ts'
import type { Measurement } from './figure.ts'
import { type LargeMarket, startLargeMarket } from './largeMarket.ts'
import { workload } from './workload.ts'

const many = workload.runs
const few = 1_000
const signals = ['SIGTERM', 'SIGKILL'] as const

/** The interval between two reads. */
const READ_INTERVAL_MS = 20

/** How long reads go on after the restart: a build that rebuilds its indexes stops answering only after its start. */
const AFTER_MS = 10_000

export async function measure() {
  await using parts = new AsyncDisposableStack()
  const postgres = await startPostgres({ settings: { shared_buffers: '1GB', max_wal_size: '8GB' } })
  parts.defer(postgres.stop)
  const outages = new Map<number, number[]>()
  for (const runs of [few, many]) {
    console.log(`A market with ${runs} runs`)
    const market = await startLargeMarket(postgres, runs)
    outages.set(runs, await restart(market))
    await market.stop()
  }
  return {
    measurements: signals.map(
      (signal, index): Measurement => ({
        figure: `longest time without an answer, ${signal}, ${many} runs`,
        unit: 's',
        value: outages.get(many)?.[index] ?? Number.NaN,
        baseline: outages.get(few)?.[index] ?? Number.NaN,
        goal: { atMost: 5 },
      }),
    ),
  }
}

/** Restarts the indexer after each signal. @returns the longest time between two answers, in seconds. */
async function restart(market: LargeMarket): Promise<number[]> {
  const { chain, databaseUrl } = market
  const { rpcUrl, deploymentsDirectory, deployment } = chain
  let indexer: Indexer = market.indexer
  const longest: number[] = []
  for (const signal of signals) {
    const reads = watchReads(market)
    await sleep(1_000)
    process.kill(indexer.part.pid, signal)
    await indexer.part.ended
    indexer = await startIndexer({ databaseUrl, rpcUrl, deploymentsDirectory, chainId: deployment.chainId })
    await market.indexed()
    await sleep(AFTER_MS)
    longest.push(await reads.stop())
    console.log(`  ${signal}: ${longest.at(-1)?.toFixed(1)} s without an answer`)
  }
  await indexer.stop()
  return longest
}

/** Reads a list over and over. @returns a function that stops and returns the longest time between two answers, in seconds. */
function watchReads({ api }: LargeMarket) {
  let isOver = false
  let longest = 0
  const reading = (async () => {
    let answeredAt = performance.now()
    while (!isOver) {
      const { status } = await fetch(`${api.url}/api/runs?state=OPEN&sort=reward&limit=5`)
      if (status === 200) {
        longest = Math.max(longest, performance.now() - answeredAt)
        answeredAt = performance.now()
      }
      await sleep(READ_INTERVAL_MS)
    }
  })()
  return {
    async stop() {
      isOver = true
      await reading
      return longest / 1_000
    },
  }
}
