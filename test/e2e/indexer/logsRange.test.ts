import { expect, test } from 'vitest'
import { startIndexer } from '../../../tools/devnet/indexer.ts'
import { startRpcProxy } from '../../../tools/simulation/faults/rpcProxy.ts'
import { freshDatabase } from '../../support/database.ts'
import { startPublicChain } from '../../support/publicChain.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'

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
