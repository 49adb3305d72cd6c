import type { Hash } from 'viem'
import { expect, test } from 'vitest'
import { accountOf, roles } from '../../../tools/devnet/accounts.ts'
import { startIndexer } from '../../../tools/devnet/indexer.ts'
import { freshDatabase } from '../../support/database.ts'
import { startPublicChain } from '../../support/publicChain.ts'
import { type ChooseFault, startRpcProxy } from '../../support/rpcProxy.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'

/** Milliseconds: an eighth of the time that Ponder takes without our transport. */
const BOUND = 8_000

test('a reorg between a block and its logs delays the index by less than 8 s', { timeout: 180_000 }, async () => {
  await using parts = new AsyncDisposableStack()
  const chain = await startPublicChain({ blockTime: 1 })
  parts.defer(chain.stop)
  const { client, registry, rpcUrl } = chain
  const owner = accountOf(roles.owner).address

  let choose: ChooseFault = () => undefined
  const proxy = await startRpcProxy(rpcUrl, (call) => choose(call))
  parts.defer(proxy.stop)
  const databaseUrl = await freshDatabase()
  const indexer = await startIndexer({ ...chain, databaseUrl, rpcUrl: proxy.url })
  parts.defer(indexer.stop)
  await waitForIndex(databaseUrl, await client.getBlockNumber(), 60_000)

  // The request for a block's logs is held back until the block is dropped.
  const held = Promise.withResolvers<Hash>()
  choose = ({ method, params: [filter] }) => {
    if (method !== 'eth_getLogs' || !Object.hasOwn(Object(filter), 'blockHash')) return undefined
    choose = () => undefined
    held.resolve(Object(filter).blockHash)
    return { kind: 'delay', milliseconds: 1_500 }
  }
  await registry.write.registerFor([owner, 'ipfs://dropped'], { account: owner })
  const blockHash = await held.promise
  const { number } = await client.getBlock({ blockHash })
  const depth = Number((await client.getBlockNumber()) - number) + 3
  await client.request({ method: 'anvil_reorg', params: [depth, []] } as never)
  await expect(client.getBlock({ blockHash })).rejects.toThrow()

  const start = performance.now()
  const latest = await client.getBlockNumber()
  await waitForIndex(databaseUrl, latest + 1n, 120_000)
  const milliseconds = performance.now() - start
  console.log(`The index followed the new branch after ${Math.round(milliseconds)} ms`)
  expect(milliseconds).toBeLessThan(BOUND)
})
