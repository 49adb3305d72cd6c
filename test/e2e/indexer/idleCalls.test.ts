import { setTimeout as sleep } from 'node:timers/promises'
import { baseSepolia } from 'viem/chains'
import { beforeAll, expect, test } from 'vitest'
import { keyOf, roles } from '../../../devnet/accounts.ts'
import { startApi } from '../../../devnet/api.ts'
import { startIndexer } from '../../../devnet/indexer.ts'
import { deployArtifact } from '../../../testkit/contracts.ts'
import { startFastChain } from '../../../testkit/fastChain.ts'
import { countCalls, startMeteredNode } from '../../../testkit/meteredNode.ts'
import { waitForIndex } from '../../../testkit/waitForIndex.ts'
import { freshDatabase } from '../../support/database.ts'

const IDLE_SECONDS = 20

/** The calls of each process in a second while nothing happens in the market. */
const perSecond = { indexer: Number.NaN, api: Number.NaN }

beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  const chain = await startFastChain({
    chainId: baseSepolia.id,
    history: 80,
    prepareUsdc: (rpcUrl) => deployArtifact(rpcUrl, 'MockUSDC'),
    prepare: async () => {},
  })
  parts.defer(chain.stop)
  await chain.start()
  const nodes = { indexer: await startMeteredNode(chain.rpcUrl), api: await startMeteredNode(chain.rpcUrl) }
  parts.defer(nodes.indexer.stop)
  parts.defer(nodes.api.stop)
  const databaseUrl = await freshDatabase()
  const indexer = await startIndexer({ ...chain, databaseUrl, rpcUrl: nodes.indexer.url })
  parts.defer(indexer.stop)
  const api = await startApi({ ...chain, databaseUrl, rpcUrl: nodes.api.url, relayerKey: keyOf(roles.relayer) })
  parts.defer(api.stop)
  const latest = async () => (await chain.client.getBlock()).number
  await waitForIndex(databaseUrl, (await latest()) + 20n)
  const from = await latest()
  for (const node of Object.values(nodes)) node.reset()
  await sleep(1_000 * IDLE_SECONDS)
  for (const process of ['indexer', 'api'] as const) {
    const use = nodes[process].use()
    perSecond[process] = countCalls(use) / IDLE_SECONDS
    console.log(`The ${process} makes ${perSecond[process]} calls a second: ${[...use.calls].join('; ')}`)
  }
  await waitForIndex(databaseUrl, from + 4n * BigInt(IDLE_SECONDS))
}, 120_000)

test('an indexer that follows five blocks a second asks little more than a poll for each', () => {
  expect(perSecond.indexer).toBeLessThan(6.5)
})

test('an API that waits for nothing asks less than once in three seconds', () => {
  expect(perSecond.api).toBeLessThanOrEqual(0.3)
})
