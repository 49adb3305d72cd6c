import { hexToBigInt, isHex } from 'viem'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { positionOf } from '../../../ops/builds/views.ts'
import { type Connection, connect } from '../../../ops/database/connect.ts'
import { startApi } from '../../../tools/devnet/api.ts'
import { type Indexer, type IndexerOptions, startIndexer } from '../../../tools/devnet/indexer.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { type ChooseFault, type RpcProxy, startRpcProxy } from '../../support/rpcProxy.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'

/** How many blocks behind the latest one Ponder counts a block as finalized. */
/** Of a window of 5 seconds where the time between blocks is unknown. */
const FINALITY_BLOCKS = 60

let chain: TestChain
let proxy: RpcProxy
let indexer: Indexer
let databaseUrl: string
let client: Connection
let choose: ChooseFault = () => undefined

beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  chain = await startTestChain({})
  parts.defer(chain.stop)
  databaseUrl = await freshDatabase()
  client = parts.use(await connect(databaseUrl))
  proxy = await startRpcProxy(chain.rpcUrl, (call) => choose(call))
  parts.defer(proxy.stop)
  await chain.client.mine({ blocks: 2 * FINALITY_BLOCKS })
  indexer = await startMarketIndexer()
  parts.defer(() => indexer.stop())
  const kept = parts.move()
  return () => kept.disposeAsync()
}, 120_000)

const latest = () => chain.client.getBlockNumber({ cacheTime: 0 })

const startMarketIndexer = (options: Partial<IndexerOptions> = {}) =>
  startIndexer({ ...chain, databaseUrl, rpcUrl: proxy.url, env: { REORG_WINDOW_SECONDS: '5' }, ...options })

/** Starts an API. @returns a function that reads the runs from it. */
async function startReadApi() {
  const api = await startApi({ ...chain, databaseUrl })
  onTestFinished(api.stop)
  return async () => {
    const { status, headers } = await fetch(`${api.url}/api/runs`)
    return { status, block: headers.get('X-Indexed-Block') }
  }
}

async function finalizedBlock() {
  const { rows } = await client.query(
    'SELECT substring(finalized_checkpoint FROM 27 FOR 16)::int AS block FROM runline._ponder_checkpoint',
  )
  return rows[0]?.block
}

test('an API that starts while the index replays blocks shows none before the highest that was readable', async () => {
  const first = await latest()
  await waitForIndex(databaseUrl, first, 60_000)
  await chain.client.mine({ blocks: FINALITY_BLOCKS })
  const highest = await latest()
  await waitForIndex(databaseUrl, highest)
  await expect.poll(finalizedBlock).toBe(Number(first))

  // The chain has lost the last block: the restarted indexer reverts its rows to the finalized one, and cannot get on from there.
  await indexer.stop()
  await chain.client.request({ method: 'anvil_reorg', params: [1, []] })
  const hang: ChooseFault = ({ method, params: [block] }) =>
    method === 'eth_getBlockByNumber' && isHex(block) && hexToBigInt(block) > first ? { kind: 'hang' } : undefined
  indexer = await startMarketIndexer({
    env: { REORG_WINDOW_SECONDS: '60' },
    onLine(line) {
      if (line.includes('Decided by the time between blocks')) choose = hang
    },
  })
  const atFinalized = { block: Number(first), isConsistent: true }
  await expect.poll(() => positionOf(client, 'runline'), { timeout: 60_000 }).toMatchObject(atFinalized)
  const read = await startReadApi()
  expect(await read()).toEqual({ status: 503, block: null })

  choose = () => undefined
  await expect.poll(read, { timeout: 60_000 }).toEqual({ status: 200, block: String(highest) })
})

test('an API that starts answers at once from an index that is behind the chain', async () => {
  const highest = await latest()
  await waitForIndex(databaseUrl, highest, 60_000)
  await indexer.stop()
  await chain.client.mine({ blocks: 100 })
  const read = await startReadApi()
  expect(await read()).toEqual({ status: 200, block: String(highest) })
})
