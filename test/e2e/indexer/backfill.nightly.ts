import { numberToHex } from 'viem'
import { expect, test, vi } from 'vitest'
import { connect } from '../../../ops/database/connect.ts'
import { accountOf, roles } from '../../../tools/devnet/accounts.ts'
import { startIndexer } from '../../../tools/devnet/indexer.ts'
import { freshDatabase } from '../../support/database.ts'
import { startMarketOnAnvil } from '../../support/marketOnAnvil.ts'
import { startPublicChain } from '../../support/publicChain.ts'
import { startRpcProxy, status } from '../../support/rpcProxy.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'
import { superviseIndexer } from './supervisedIndexer.ts'

/** The requests per second that an endpoint is set to get. */
const RATE = 5

/** The requests per second of the default of public chains, and those that an endpoint with a lower limit grants. */
const DEFAULT_RATE = 300
const GRANTED = 100

/** Each takes three requests. */
const BLOCKS = 1_000

test('a connection that breaks during a backfill does not multiply the intervals after it', {
  timeout: 120_000,
}, async () => {
  await using parts = new AsyncDisposableStack()
  const chain = await startMarketOnAnvil()
  parts.defer(chain.stop)
  await chain.registry.write.register(['ipfs://early'], { account: accountOf(roles.owner) })
  const eventful = numberToHex(await chain.client.getBlockNumber({ cacheTime: 0 }))
  await chain.client.mine({ blocks: 300 })
  const databaseUrl = await freshDatabase()

  /** How often each interval was asked for, by the market's address and the interval's first block. */
  const asked = new Map<string, number>()
  let broken = 0
  const proxy = await startRpcProxy(chain.rpcUrl, async ({ method, params: [first] }) => {
    const { address, fromBlock } = Object(first)
    const isOfMarket = String(address).toLowerCase() === chain.market.address.toLowerCase()
    if (method === 'eth_getLogs' && isOfMarket) asked.set(fromBlock, (asked.get(fromBlock) ?? 0) + 1)
    // Within the transaction of an interval, once that of the next interval, which is queued by then, has begun.
    if (method === 'eth_getBlockByNumber' && first === eventful && broken === 0) {
      await vi.waitUntil(() => asked.size > 1, { timeout: 10_000 })
      broken = await breakConnections(databaseUrl)
    }
    return undefined
  })
  parts.defer(proxy.stop)
  const supervised = superviseIndexer({ ...chain, rpcUrl: proxy.url }, databaseUrl)
  parts.defer(supervised.stop)
  await supervised.follow()

  expect(broken).toBeGreaterThan(0)
  expect(supervised.ends).toHaveLength(1)
  const [interrupted, queued, ...later] = [...asked].sort(([a], [b]) => Number(a) - Number(b))
  expect([interrupted?.[1], queued?.[1]]).toEqual([2, 2])
  expect(later.length).toBeGreaterThan(1)
  expect(later.map(([, times]) => times)).toEqual(later.map(() => 1))
})

test('a backfill that ends far behind the chain is followed by another', { timeout: 120_000 }, async () => {
  await using parts = new AsyncDisposableStack()
  const chain = await startMarketOnAnvil()
  parts.defer(chain.stop)
  await chain.client.mine({ blocks: 60 })
  const databaseUrl = await freshDatabase()
  let hasGrown = false
  const proxy = await startRpcProxy(chain.rpcUrl, async ({ method }) => {
    if (method !== 'eth_getLogs' || hasGrown) return undefined
    hasGrown = true
    await chain.client.mine({ blocks: 300 })
    return undefined
  })
  parts.defer(proxy.stop)
  const indexer = await startIndexer({ ...chain, databaseUrl, rpcUrl: proxy.url })
  parts.defer(indexer.stop)
  await waitForIndex(databaseUrl, await chain.client.getBlockNumber({ cacheTime: 0 }), 60_000)
  expect(indexer.part.output().match(/Started backfill indexing/g)).toHaveLength(2)
})

test('a backfill requests at most LOGS_RANGE blocks per eth_getLogs', async () => {
  await using parts = new AsyncDisposableStack()
  const chain = await startPublicChain({ blockTime: 2 })
  parts.defer(chain.stop)
  await chain.client.mine({ blocks: 100 })
  const ranges: number[] = []
  const proxy = await startRpcProxy(chain.rpcUrl, ({ method, params: [filter] }) => {
    const { fromBlock, toBlock } = Object(filter)
    if (method === 'eth_getLogs' && fromBlock) ranges.push(Number(toBlock) - Number(fromBlock) + 1)
    return undefined
  })
  parts.defer(proxy.stop)
  const databaseUrl = await freshDatabase()
  const connections = { ...chain, databaseUrl, rpcUrl: proxy.url }
  const indexer = await startIndexer({ ...connections, env: { LOGS_RANGE: '10' } })
  parts.defer(indexer.stop)
  await waitForIndex(databaseUrl, await chain.client.getBlockNumber(), 60_000)
  expect(ranges.length).toBeGreaterThan(6)
  expect(Math.max(...ranges)).toBeLessThanOrEqual(10)
})

test(`a backfill makes at most ${RATE} requests per second`, async () => {
  await using parts = new AsyncDisposableStack()
  const chain = await startPublicChain({ blockTime: 2 })
  parts.defer(chain.stop)
  await chain.client.mine({ blocks: 45 })
  const times: number[] = []
  const proxy = await startRpcProxy(chain.rpcUrl, ({ method, params: [filter] }) => {
    if (method === 'eth_getLogs' && Object(filter).fromBlock) times.push(performance.now())
    return undefined
  })
  parts.defer(proxy.stop)
  const databaseUrl = await freshDatabase()
  const connections = { ...chain, databaseUrl, rpcUrl: proxy.url }
  const env = { RPC_REQUESTS_PER_SECOND: String(RATE), LOGS_RANGE: '1' }
  const indexer = await startIndexer({ ...connections, env })
  parts.defer(indexer.stop)
  await waitForIndex(databaseUrl, await chain.client.getBlockNumber(), 90_000)
  const seconds = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1_000
  console.log(`${times.length} requests in ${seconds.toFixed(1)} s`)
  expect(times.length).toBeGreaterThan(6 * RATE)
  // The requests of the first second are not spread over it.
  expect((times.length - RATE) / seconds).toBeLessThan(1.2 * RATE)
})

test.each([
  ['by default, a backfill asks more than five times as often as 50 times a second', Number.POSITIVE_INFINITY, 250],
  ['an endpoint that refuses calls as too many gets fewer', GRANTED, 0.6 * GRANTED],
])('%s', { timeout: 240_000 }, async (_, granted, least) => {
  await using parts = new AsyncDisposableStack()
  const chain = await startPublicChain({ blockTime: 2 })
  parts.defer(chain.stop)
  await chain.client.mine({ blocks: BLOCKS })
  const seconds: number[] = []
  let refused = 0
  let begin: number | undefined
  const proxy = await startRpcProxy(chain.rpcUrl, ({ method, params: [filter] }) => {
    if (method !== 'eth_getLogs' || !Object(filter).fromBlock) return undefined
    begin ??= performance.now()
    const second = Math.floor((performance.now() - begin) / 1_000)
    seconds[second] = (seconds[second] ?? 0) + 1
    if ((seconds[second] ?? 0) <= granted) return undefined
    refused++
    return status(429)
  })
  parts.defer(proxy.stop)
  const databaseUrl = await freshDatabase()
  const indexer = await startIndexer({ ...chain, databaseUrl, rpcUrl: proxy.url, env: { LOGS_RANGE: '1' } })
  parts.defer(indexer.stop)
  await waitForIndex(databaseUrl, await chain.client.getBlockNumber(), 180_000)
  const calls = seconds.reduce((sum, count) => sum + count, 0)
  const took = seconds.length
  console.log(`${calls} requests in ${took} s, ${refused} of them refused: ${seconds.join(' ')}`)
  expect((calls - refused) / took).toBeGreaterThan(least)
  expect(calls / took).toBeLessThan(1.2 * DEFAULT_RATE)
  // The rate is twice what is granted at most, once it has been halved, and grows slowly.
  expect(refused / calls).toBeLessThan(0.3)
})

test('a rate that is too low for the polls is refused in words', { timeout: 60_000 }, async () => {
  const connections = { databaseUrl: await freshDatabase(), chainId: 84532, rpcUrl: 'http://127.0.0.1:1' }
  const env = { RPC_REQUESTS_PER_SECOND: '5', POLL_INTERVAL_MS: '200' }
  await expect(startIndexer({ ...connections, deploymentsDirectory: 'deployments', env })).rejects.toThrow(
    'RPC_REQUESTS_PER_SECOND is 5, too few for a poll every 200 ms: set at least 10, or a longer POLL_INTERVAL_MS',
  )
})

/** @returns how many connections of Ponder's backfill it broke. */
async function breakConnections(databaseUrl: string): Promise<number> {
  await using client = await connect(databaseUrl)
  const { rowCount } = await client.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE application_name = 'ponder_sync' AND datname = current_database()`,
  )
  return rowCount ?? 0
}
