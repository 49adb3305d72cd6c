import { baseSepolia } from 'viem/chains'
import { beforeAll, expect, test } from 'vitest'
import { auditOnce } from '../../support/auditOnce.ts'
import { deployArtifact } from '../../support/contracts.ts'
import { freshDatabase } from '../../support/database.ts'
import { type FastChain, startFastChain } from '../../support/fastChain.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'
import { type Index, startIndexOf } from './indexOf.ts'
import { poster, postRun } from './postRun.ts'

/** More than the time whose blocks a reorg may remove. */
const HISTORY_SECONDS = 80

/** The largest is of a minute of blocks. The times leave room for a busy machine. */
const REORGS = [
  { depth: 20, withinMs: 3_000 },
  { depth: 100, withinMs: 5_000 },
  { depth: 300, withinMs: 10_000 },
]

const EARLY_RUNS = 6
const EARLY_REWARD = 10_000_000n
const DROPPED_REWARD = 20_000_000n
const KEPT_REWARD = 30_000_000n

let chain: FastChain
let index: Index
let databaseUrl: string

beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  chain = await startFastChain({
    chainId: baseSepolia.id,
    history: HISTORY_SECONDS,
    prepareUsdc: (rpcUrl) => deployArtifact(rpcUrl, 'MockUSDC'),
    async prepare(market) {
      await market.fund(poster)
      for (let posted = 0; posted < EARLY_RUNS - 1; posted++) await postRun(market, EARLY_REWARD)
    },
  })
  parts.defer(chain.stop)
  parts.defer(() => index?.stop())
  const kept = parts.move()
  return () => kept.disposeAsync()
}, 120_000)

/** Starts an indexer on a database without tables. */
async function startAnew() {
  await index?.stop()
  databaseUrl = await freshDatabase()
  index = await startIndexOf(chain, databaseUrl)
}

/** The number of blocks that the last start has logged. */
const leastBlocks = () => Number(/.*"leastBlocks":(\d+)/s.exec(index.output())?.[1])

/** Waits until readers see the block or a later one. @returns the milliseconds until then. */
async function untilIndexed(block: bigint): Promise<number> {
  const startedAt = performance.now()
  await waitForIndex(databaseUrl, block, 60_000)
  return performance.now() - startedAt
}

const latest = async () => (await chain.client.getBlock()).number

test('an index whose finality was shorter starts, and indexes no block twice', { timeout: 180_000 }, async () => {
  await startAnew()
  // Ponder's own number of blocks, because the chain's blocks were made at once.
  expect(leastBlocks()).toBe(0)
  await chain.start()
  await postRun(chain, EARLY_REWARD)
  const posted = await latest()
  await untilIndexed(posted + 100n)
  await index.terminate()
  await index.startAgain()
  expect(leastBlocks()).toBeGreaterThanOrEqual(300)
  expect(leastBlocks()).toBeLessThan(320)
  await untilIndexed(await latest())
  const { runs, runEvents } = await chain.paused(() => index.tables())
  expect(runs.map(({ reward }) => reward)).toEqual(Array<bigint>(EARLY_RUNS).fill(EARLY_REWARD))
  expect(runEvents).toHaveLength(2 * EARLY_RUNS)
})

/** The rewards of all runs, by the chain's own events. */
async function rewardsOnChain() {
  const { address, abi } = chain.market
  const created = await chain.client.getContractEvents({ address, abi, eventName: 'BountyCreated', fromBlock: 0n })
  return created.map(({ args }) => args.reward)
}

test('an index of a chain with five blocks a second starts', { timeout: 60_000 }, async () => {
  await startAnew()
  await untilIndexed(await latest())
})

test.each(REORGS)('a reorg of $depth blocks heals in the same process', { timeout: 120_000 }, async (reorg) => {
  await postRun(chain, DROPPED_REWARD)
  await untilIndexed(await latest())
  // The reorg leaves the chain as long as it was, so a later block is of the new branch.
  const healedMs = await untilIndexed((await chain.reorg(reorg.depth)) + 1n)
  console.log(`A reorg of ${reorg.depth} blocks healed in ${Math.round(healedMs)} ms`)
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
