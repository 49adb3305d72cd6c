import { baseSepolia } from 'viem/chains'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { repeat } from '../../../core/repeat.ts'
import { connect } from '../../../ops/database/connect.ts'
import { type Api, startApi } from '../../../tools/devnet/api.ts'
import { auditOnce } from '../../support/auditOnce.ts'
import { deployArtifact } from '../../support/contracts.ts'
import { freshDatabase } from '../../support/database.ts'
import { type FastChain, startFastChain } from '../../support/fastChain.ts'
import type { MarketOnAnvil } from '../../support/marketOnAnvil.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'
import { type Index, startIndexOf } from './indexOf.ts'
import { poster, postRun } from './postRun.ts'
import { superviseIndexer } from './supervisedIndexer.ts'

/** Seconds of blocks every 200 ms before an indexer starts: too few to measure the time between them, and more than enough. */
const AGES = [1, 120]

/** The largest is of a minute of blocks. The times leave room for a busy machine. */
const REORGS = [
  { depth: 20, withinMs: 3_000 },
  { depth: 100, withinMs: 5_000 },
  { depth: 300, withinMs: 10_000 },
]

/** More than those of a window of 5 seconds, at any time between blocks. */
const SHORT_WINDOW_BLOCKS = 61

/** Half a minute of blocks every 200 ms. */
const LOST_BLOCKS = 150

const EARLY_RUNS = 5
const EARLY_REWARD = 10_000_000n
const DROPPED_REWARD = 20_000_000n
const KEPT_REWARD = 30_000_000n

let chain: FastChain
let index: Index
let databaseUrl: string

const prepareUsdc = (rpcUrl: string) => deployArtifact(rpcUrl, 'MockUSDC')

async function prepare(market: MarketOnAnvil) {
  await market.fund(poster)
  for (let posted = 0; posted < EARLY_RUNS; posted++) await postRun(market, EARLY_REWARD)
}

/** @param history seconds of blocks. */
async function startChain(history: number) {
  await using parts = new AsyncDisposableStack()
  chain = await startFastChain({
    chainId: baseSepolia.id,
    history,
    prepareUsdc,
    prepare,
  })
  parts.defer(chain.stop)
  parts.defer(() => index.stop())
  await chain.start()
  const kept = parts.move()
  return () => kept.disposeAsync()
}

/** Starts an indexer on a database without tables. */
async function startAnew(env: Record<string, string> = {}) {
  databaseUrl = await freshDatabase()
  index = await startIndexOf(chain, databaseUrl, env)
}

/** The number of blocks that the last start has logged. */
const leastBlocks = () => Number(/.*"leastBlocks":(\d+)/s.exec(index.output())?.[1])

/** Waits until readers see the block or a later one. @returns the milliseconds until then. */
async function untilIndexed(block: bigint): Promise<number> {
  const startedAt = performance.now()
  await waitForIndex(databaseUrl, block, 90_000)
  return performance.now() - startedAt
}

const latest = async () => (await chain.client.getBlock()).number

/** The rewards of all runs, by the chain's own events. */
async function rewardsOnChain() {
  const { address, abi } = chain.market
  const created = await chain.client.getContractEvents({ address, abi, eventName: 'BountyCreated', fromBlock: 0n })
  return created.map(({ args }) => args.reward)
}

describe.each(AGES)('on a chain that has made blocks for %i seconds', (history) => {
  let firstBlock: bigint

  beforeAll(async () => {
    const stop = await startChain(history)
    firstBlock = await latest()
    // The chain grows no older while the indexer starts.
    await chain.paused(() => startAnew())
    await untilIndexed(firstBlock)
    return stop
  }, 120_000)

  test.each(REORGS)('a reorg of $depth blocks heals in the same process', { timeout: 120_000 }, async (reorg) => {
    // The reorg removes none of the blocks that have the contracts.
    await untilIndexed(firstBlock + BigInt(reorg.depth))
    await postRun(chain, DROPPED_REWARD)
    await untilIndexed(await latest())
    // The reorg leaves the chain as long as it was, so a later block is of the new branch.
    const healedMs = await untilIndexed((await chain.reorg(reorg.depth)) + 1n)
    console.log(`After ${history} seconds, a reorg of ${reorg.depth} blocks healed in ${Math.round(healedMs)} ms`)
    expect(healedMs).toBeLessThan(reorg.withinMs)
    await postRun(chain, KEPT_REWARD)
    await chain.paused(async () => {
      const { runs } = await index.tables()
      const expected = await rewardsOnChain()
      expect(expected).not.toContain(DROPPED_REWARD)
      expect(runs.map(({ reward }) => reward)).toEqual(expected)
    })
  })

  test('after the reorgs, a restart takes seconds, and the index is that of the chain', {
    timeout: 180_000,
  }, async () => {
    await index.kill()
    const startedAt = performance.now()
    await index.startAgain()
    await untilIndexed(await latest())
    console.log(`A restart took ${Math.round(performance.now() - startedAt)} ms`)
    const { rpcUrl, deploymentsDirectory, chainId } = chain
    const env = {
      DATABASE_URL: databaseUrl,
      CHAIN_ID: `${chainId}`,
      RPC_URL: rpcUrl,
      DEPLOYMENTS_DIR: deploymentsDirectory,
    }
    const { stdout, stderr } = await chain.paused(() => auditOnce(env, chain.client))
    expect(stdout, stderr).toMatch(/^0 differences/)
  })

  test('an index whose finality was shorter starts, and indexes no block twice', { timeout: 180_000 }, async () => {
    await index.stop()
    await startAnew({ REORG_WINDOW_SECONDS: '5' })
    expect(leastBlocks()).toBeLessThan(SHORT_WINDOW_BLOCKS)
    await postRun(chain, EARLY_REWARD)
    const posted = await latest()
    await untilIndexed(posted + 150n)
    await index.terminate()
    await index.startAgain({ REORG_WINDOW_SECONDS: '60' })
    expect(leastBlocks()).toBeGreaterThanOrEqual(300)
    await untilIndexed(await latest())
    const { runs, runEvents } = await chain.paused(() => index.tables())
    expect(runs.map(({ reward }) => reward)).toEqual(await rewardsOnChain())
    expect(runEvents).toHaveLength(2 * runs.length)
  })
})

test('a chain that becomes ten times as fast, and slow again, loses half a minute of blocks', {
  timeout: 300_000,
}, async () => {
  await using parts = new AsyncDisposableStack()
  chain = await startFastChain({ chainId: baseSepolia.id, history: 600, blockTimeMs: 2_000, prepareUsdc, prepare })
  parts.defer(chain.stop)
  await chain.start()
  databaseUrl = await freshDatabase()
  const indexer = superviseIndexer(chain, databaseUrl)
  parts.defer(indexer.stop)
  await indexer.follow()
  const api = await startApi({ ...chain, databaseUrl })
  parts.defer(api.stop)
  const reads = readAlways(api)
  parts.defer(() => void reads.stop())
  await chain.changeBlockTime(200)
  const changedAt = await latest()
  await vi.waitFor(() => expect(indexer.ends).toHaveLength(1), { timeout: 60_000 })
  await vi.waitFor(() => expect(indexer.isRunning()).toBe(true), { timeout: 60_000 })
  await untilIndexed(changedAt + BigInt(2 * LOST_BLOCKS))
  await postRun(chain, DROPPED_REWARD)
  await chain.changeBlockTime(2_000)
  await untilIndexed(await latest())
  const healedMs = await untilIndexed((await chain.reorg(LOST_BLOCKS)) + 1n)
  await postRun(chain, KEPT_REWARD)
  await indexer.follow()
  const longestMs = await reads.stop()
  console.log(`Healed after ${Math.round(healedMs)} ms; no answer for ${Math.round(longestMs)} ms at most`)
  expect(indexer.ends).toHaveLength(1)
  expect(longestMs).toBeLessThan(5_000)
  await chain.paused(async () => {
    await using client = await connect(databaseUrl)
    const { rows } = await client.query<{ reward: string }>('SELECT reward FROM runline.run ORDER BY bounty_id')
    expect(rows.map(({ reward }) => BigInt(reward))).toEqual(await rewardsOnChain())
  })
})

/** Reads runs until it is stopped. `stop` returns the longest time without an answer, in milliseconds. */
function readAlways(api: Api) {
  let answeredAt = performance.now()
  let longestMs = 0
  const stop = repeat(100, async () => {
    const isAnswer = await fetch(`${api.url}/api/runs?limit=1`).then(({ ok }) => ok)
    longestMs = Math.max(longestMs, performance.now() - answeredAt)
    if (isAnswer) answeredAt = performance.now()
  })
  return {
    async stop() {
      await stop()
      return longestMs
    },
  }
}
