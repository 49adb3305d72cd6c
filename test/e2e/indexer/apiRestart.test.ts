import pg from 'pg'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { startApi } from '../../../devnet/api.ts'
import { type Indexer, startIndexer } from '../../../devnet/indexer.ts'
import { positionOf } from '../../../ops/builds/views.ts'
import { type ChooseFault, type RpcProxy, startRpcProxy } from '../../../sim/faults/rpcProxy.ts'
import { participantsOf } from '../../../testkit/participants.ts'
import { waitForIndex } from '../../../testkit/waitForIndex.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'

let chain: TestChain
let proxy: RpcProxy
let indexer: Indexer
let databaseUrl: string
let client: pg.Client
let choose: ChooseFault = () => undefined

beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  chain = await startTestChain({})
  parts.defer(chain.stop)
  databaseUrl = await freshDatabase()
  client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  parts.defer(() => client.end())
  proxy = await startRpcProxy(chain.rpcUrl, (call) => choose(call))
  parts.defer(proxy.stop)
  await chain.client.mine({ blocks: 40 })
  indexer = await startIndexer({ ...chain, databaseUrl, rpcUrl: proxy.url })
  parts.defer(() => indexer.stop())
  const kept = parts.move()
  return () => kept.disposeAsync()
}, 120_000)

async function startedApi() {
  const api = await startApi({ ...chain, databaseUrl })
  onTestFinished(api.stop)
  return async () => {
    const { status, headers } = await fetch(`${api.url}/api/runs`)
    return { status, block: headers.get('X-Indexed-Block') }
  }
}

test('an API that starts answers at once while the index is behind, and no earlier block while it is replaying', async () => {
  await participantsOf(chain).openRun()
  const withRun = await chain.client.getBlock()
  await chain.client.mine({ blocks: 5 })
  const shown = await chain.client.getBlockNumber({ cacheTime: 0 })
  await waitForIndex(databaseUrl, shown, 60_000)

  await indexer.stop()
  await chain.client.mine({ blocks: 10 })
  const whileBehind = await startedApi()
  expect(await whileBehind()).toEqual({ status: 200, block: String(shown) })

  // The indexer starts again at its last finalized block, and then gets as far as the block before this one.
  choose = ({ method, params: [filter] }) =>
    method === 'eth_getLogs' && (filter as { blockHash?: string }).blockHash === withRun.hash
      ? { kind: 'hang' }
      : undefined
  indexer = await startIndexer({ ...chain, databaseUrl, rpcUrl: proxy.url })
  const replayed = { block: Number(withRun.number) - 1, isConsistent: true }
  await expect.poll(() => positionOf(client, 'runline'), { timeout: 60_000 }).toMatchObject(replayed)
  const whileReplaying = await startedApi()
  expect(await whileReplaying()).toEqual({ status: 503, block: null })

  choose = () => undefined
  await expect.poll(whileReplaying, { timeout: 30_000 }).toMatchObject({ status: 200 })
  expect(Number((await whileReplaying()).block)).toBeGreaterThanOrEqual(Number(shown))
})
