import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { type Indexer, startIndexer } from '../../../tools/devnet/indexer.ts'
import { freshDatabase } from '../../support/database.ts'
import { type MarketOnAnvil, startMarketOnAnvil } from '../../support/marketOnAnvil.ts'
import { type RpcProxy, startRpcProxy } from '../../support/rpcProxy.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'
import { poster, postRun } from './postRun.ts'
import { expectAllRows } from './supervisedIndexer.ts'

let chain: MarketOnAnvil
let node: RpcProxy
let databaseUrl: string

beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  chain = await startMarketOnAnvil()
  parts.defer(chain.stop)
  await chain.fund(poster)
  node = await startRpcProxy(chain.rpcUrl)
  parts.defer(node.stop)
  const kept = parts.move()
  return () => kept.disposeAsync()
}, 60_000)

const start = (onLine?: (line: string) => void) => startIndexer({ ...chain, databaseUrl, rpcUrl: node.url, onLine })

const reorg = (depth: number) => chain.client.request({ method: 'anvil_reorg', params: [depth, []] })

/** An index of some runs, whose indexer has ended. */
beforeEach(async () => {
  databaseUrl = await freshDatabase()
  for (let posted = 0; posted < 12; posted++) await postRun(chain)
  const indexer = await start()
  await waitForIndex(databaseUrl, await chain.client.getBlockNumber({ cacheTime: 0 }), 60_000)
  await indexer.stop()
})

/** Expects that the indexer ends because of the reorg, and that the next start has the rows of the new branch. */
async function expectRecovery({ part }: Indexer) {
  expect(await part.ended).toBe('exited with code 75')
  expect(part.output()).toContain('The chain has lost the last block of the rows')
  node.heal()
  await expectAllRows(chain, databaseUrl)
}

/** More than are not final on this chain. */
const FINALITY_BLOCKS = 200

test.each([
  ['', 0],
  [', also where the block is final by the time that Ponder reads the chain', FINALITY_BLOCKS],
])(
  'a reorg after the start has looked at the last block ends the indexer, and the next start reverts its rows%s',
  {
    timeout: 120_000,
  },
  async (_, blocks) => {
    const isDecided = Promise.withResolvers<void>()
    const starting = start((line) => line.includes('Decided by the time between blocks') && isDecided.resolve())
    await isDecided.promise
    await reorg(3)
    if (blocks > 0) await chain.client.mine({ blocks })
    await expectRecovery(await starting)
  },
)

test('so does one of blocks before the last block, which the indexer has not read yet', {
  timeout: 120_000,
}, async () => {
  node.from(({ params: [block] }) => (block === 'latest' ? { kind: 'stale', blocks: 5 } : undefined))
  const indexer = await start()
  await indexer.part.saw(/Started live indexing/, 30_000)
  // Until it has read the blocks that the node shows.
  await sleep(2_000)
  await reorg(10)
  node.heal()
  await expectRecovery(indexer)
})
