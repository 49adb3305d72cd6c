import { numberToHex } from 'viem'
import { expect, test, vi } from 'vitest'
import { connect } from '../../../ops/database/connect.ts'
import { accountOf, roles } from '../../../tools/devnet/accounts.ts'
import { startIndexer } from '../../../tools/devnet/indexer.ts'
import { startRpcProxy } from '../../../tools/simulation/faults/rpcProxy.ts'
import { freshDatabase } from '../../support/database.ts'
import { startMarketOnAnvil } from '../../support/marketOnAnvil.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'

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
  const indexer = await startIndexer({ ...chain, databaseUrl, rpcUrl: proxy.url })
  parts.defer(indexer.stop)
  await waitForIndex(databaseUrl, await chain.client.getBlockNumber({ cacheTime: 0 }), 60_000)

  expect(broken).toBeGreaterThan(0)
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

/** @returns how many connections of Ponder's backfill it broke. */
async function breakConnections(databaseUrl: string): Promise<number> {
  await using client = await connect(databaseUrl)
  const { rowCount } = await client.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE application_name = 'ponder_sync' AND datname = current_database()`,
  )
  return rowCount ?? 0
}
