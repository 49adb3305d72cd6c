import { execa } from 'execa'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { type Api, startApi } from '../../../tools/devnet/api.ts'
import { startIndexer } from '../../../tools/devnet/indexer.ts'
import { freshDatabase } from '../../support/database.ts'
import { type MarketOnAnvil, startMarketOnAnvil } from '../../support/marketOnAnvil.ts'
import { expectCounts } from './chainState.ts'
import { type Index, startIndexOf } from './indexOf.ts'
import { poster, postRun } from './postRun.ts'

/** A short window, because the time between the first blocks is not known: it has as many blocks as on the fastest chain. */
const window = { REORG_WINDOW_SECONDS: '5' }
const FINALITY_BLOCKS = 60

const ada = accountOf(3).address

let chain: MarketOnAnvil
let index: Index
let databaseUrl: string
let api: Api

beforeAll(async () => {
  ;[chain, databaseUrl] = await Promise.all([startMarketOnAnvil(), freshDatabase()])
  index = await startIndexOf(chain, databaseUrl, window)
  api = await startApi({ ...chain, databaseUrl })
  await chain.fund(poster, ada)
})

afterAll(async () => {
  await api?.stop()
  await index?.stop()
  await chain?.stop()
})

const unready = { status: 503, body: { reasons: [{ code: 'INDEX_ORPHANED', affects: 'reads' }] } }

async function read(path: string) {
  const response = await fetch(api.url + path)
  return { status: response.status, body: await response.json() }
}

/** Runs an operator's command through npm. Mines blocks while an audit waits for finality. */
async function operate(command: string) {
  const { rpcUrl, deploymentsDirectory } = chain
  const running = execa('node', [`ops/${command}.ts`], {
    env: { DATABASE_URL: databaseUrl, CHAIN_ID: '31337', RPC_URL: rpcUrl, DEPLOYMENTS_DIR: deploymentsDirectory },
    preferLocal: true,
    reject: false,
  })
  for await (const line of running.iterable({ from: 'stderr' })) {
    if (line.startsWith('Waiting until block')) await chain.client.mine({ blocks: 70 })
  }
  return (await running).stdout
}

test('the index reverts exactly the blocks that a reorg drops', async () => {
  const { client, market, registry, staking } = chain
  await registry.write.register(['ipfs://ada'], { account: ada })
  await staking.write.stake([1n, 100_000_000n], { account: ada })
  await postRun(chain)
  const claimed = await market.read.bountyCount()
  const before = await index.tables()
  const fork = await client.getBlock()

  await market.write.claimBounty([claimed, 1n], { account: ada })
  await registry.write.register(['ipfs://second'], { account: ada })
  await postRun(chain)
  const after = await index.tables()
  expect(after.runs.map(({ bountyId, state }) => [bountyId, state])).toEqual([
    [claimed, 'CLAIMED'],
    [claimed + 1n, 'OPEN'],
  ])
  expect(after.agents).toMatchObject([{ id: 1n, lockedAmount: 1_000_000n }, { id: 2n }])

  const tip = await client.getBlock()
  await client.request({ method: 'anvil_reorg', params: [Number(tip.number - fork.number), []] })
  const replaced = await client.getBlock({ blockNumber: tip.number })
  expect(replaced.hash).not.toBe(tip.hash)
  const reverted = await index.tables()
  expectCounts(reverted)
  expect({ ...reverted, heads: [] }).toEqual({ ...before, heads: [] })
  expect(reverted.heads).toMatchObject([{ number: replaced.number, hash: replaced.hash }])

  await market.write.claimBounty([claimed, 1n], { account: ada })
  expect((await index.tables()).runs).toMatchObject([{ bountyId: claimed, state: 'CLAIMED', round: 1 }])
})

test('a chain that loses its last blocks, and then stops, is followed', async () => {
  const { client } = chain
  const before = await index.tables()
  const snapshot = await client.snapshot()
  for (let posted = 0; posted < 3; posted++) await postRun(chain)
  expect((await index.tables()).runs).toHaveLength(before.runs.length + 3)
  await client.revert({ id: snapshot })
  const revertedAt = performance.now()
  expect(await index.tables(10_000)).toEqual(before)
  console.log(`The index was reverted ${Math.round(performance.now() - revertedAt)} ms after the chain`)
})

test('after a reorg deeper than finality reads answer 503, and the index recovers by the command', {
  timeout: 240_000,
}, async () => {
  const { client } = chain
  for (let posted = 0; posted < 4; posted++) await postRun(chain, 10_000_000n)
  const kept = await client.getBlock()
  // Some of these runs become final, and the reorg drops them.
  for (let posted = 0; posted < 20; posted++) await postRun(chain, 20_000_000n)
  await client.mine({ blocks: 3 * FINALITY_BLOCKS })
  expect((await index.tables()).runs).toHaveLength(25)
  expect(await operate('recoverCommand')).toContain('there is nothing to recover')

  const { number } = await client.getBlock()
  await client.request({ method: 'anvil_reorg', params: [Number(number - kept.number), []] })
  for (let posted = 0; posted < 3; posted++) await postRun(chain, 30_000_000n)
  const reorgAt = performance.now()
  await vi.waitFor(async () => expect(await read('/readyz')).toMatchObject(unready), { timeout: 10_000 })
  console.log(`Reads answered 503 ${Math.round(performance.now() - reorgAt)} ms after the reorg`)
  expect(await read('/api/runs')).toMatchObject({
    status: 503,
    body: { code: 'INDEX_BEHIND', detail: expect.stringMatching(/^A reorg removed finalized block \d+/) },
  })
  expect(await index.ended()).toBe('exited with code 75')

  const started = startIndexer({ ...chain, databaseUrl, env: window })
  await expect(started).rejects.toThrow(/exited with code 1.*which was finalized: npm run recover:indexer/s)

  expect(await operate('recoverCommand')).toContain(`the last block that chain and index share is ${kept.number}`)
  await index.startAgain()
  expect((await index.tables()).runs.map(({ reward }) => reward)).toEqual([
    ...Array<bigint>(5).fill(10_000_000n),
    ...Array<bigint>(3).fill(30_000_000n),
  ])
  expect(await operate('auditCommand')).toMatch(/^0 differences in 8 runs, 1 agents at block \d+$/)
  await vi.waitFor(async () => expect((await read('/api/runs')).status).toBe(200), { timeout: 60_000 })
})

test('where a setting allows it, the next start recovers by itself', { timeout: 240_000 }, async () => {
  const { client } = chain
  const kept = await client.getBlock()
  for (let posted = 0; posted < 4; posted++) await postRun(chain, 40_000_000n)
  await client.mine({ blocks: 3 * FINALITY_BLOCKS })
  expect((await index.tables()).runs).toHaveLength(12)
  const { number } = await client.getBlock()
  await client.request({ method: 'anvil_reorg', params: [Number(number - kept.number), []] })
  await postRun(chain, 50_000_000n)
  expect(await index.ended()).toBe('exited with code 75')
  await index.startAgain({ RECOVER_REORGS: 'true' })
  expect((await index.tables()).runs.map(({ reward }) => reward)).toEqual([
    ...Array<bigint>(5).fill(10_000_000n),
    ...Array<bigint>(3).fill(30_000_000n),
    50_000_000n,
  ])
})
