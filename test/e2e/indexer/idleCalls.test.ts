import { setTimeout as sleep } from 'node:timers/promises'
import { baseSepolia } from 'viem/chains'
import { beforeAll, expect, test } from 'vitest'
import { keyOf, roles } from '../../../devnet/accounts.ts'
import { type Api, startApi } from '../../../devnet/api.ts'
import { type Indexer, startIndexer } from '../../../devnet/indexer.ts'
import { connect } from '../../../ops/database/connect.ts'
import { deployArtifact } from '../../../testkit/contracts.ts'
import { type FastChain, startFastChain } from '../../../testkit/fastChain.ts'
import { countCalls, type MeteredNode, startMeteredNode } from '../../../testkit/meteredNode.ts'
import { waitForIndex } from '../../../testkit/waitForIndex.ts'
import { freshDatabase } from '../../support/database.ts'
import { poster, postRun } from './postRun.ts'

const IDLE_SECONDS = 20

/** The API compares the index with the chain every six seconds, and shows the result for two. */
const LAG_SECONDS = 9

let chain: FastChain
let databaseUrl: string
let nodes: { indexer: MeteredNode; api: MeteredNode }
let indexer: Indexer
let api: Api

const latest = async () => (await chain.client.getBlock()).number

beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  chain = await startFastChain({
    chainId: baseSepolia.id,
    history: 80,
    prepareUsdc: (rpcUrl) => deployArtifact(rpcUrl, 'MockUSDC'),
    prepare: (market) => market.fund(poster),
  })
  parts.defer(chain.stop)
  await chain.start()
  nodes = { indexer: await startMeteredNode(chain.rpcUrl), api: await startMeteredNode(chain.rpcUrl) }
  parts.defer(nodes.indexer.stop)
  parts.defer(nodes.api.stop)
  databaseUrl = await freshDatabase()
  indexer = await startIndexer({ ...chain, databaseUrl, rpcUrl: nodes.indexer.url })
  parts.defer(() => indexer.stop())
  const relayerKey = keyOf(roles.relayer)
  api = await startApi({ ...chain, databaseUrl, rpcUrl: nodes.api.url, relayerKey })
  parts.defer(api.stop)
  const kept = parts.move()
  return () => kept.disposeAsync()
}, 120_000)

/** The calls of each process in a second while nothing happens in the market, and the index follows. */
async function callsWhileIdle() {
  await waitForIndex(databaseUrl, (await latest()) + 20n)
  const from = await latest()
  for (const node of Object.values(nodes)) node.reset()
  await sleep(1_000 * IDLE_SECONDS)
  const perSecond = (node: MeteredNode) => countCalls(node.use()) / IDLE_SECONDS
  const calls = { indexer: perSecond(nodes.indexer), api: perSecond(nodes.api) }
  console.log(`Calls a second: ${JSON.stringify(calls)}; the indexer's: ${[...nodes.indexer.use().calls].join('; ')}`)
  await waitForIndex(databaseUrl, from + 4n * BigInt(IDLE_SECONDS))
  return calls
}

test('an indexer asks little more than a poll for each of five blocks a second, and an API once in three', async () => {
  const calls = await callsWhileIdle()
  expect(calls.indexer).toBeLessThan(6.5)
  expect(calls.api).toBeLessThanOrEqual(0.3)
})

// Beside other tests, an index may be behind for a moment.
test('an index that follows five blocks a second counts as behind by less than two seconds', { retry: 2 }, async () => {
  const behind: number[] = []
  for (let second = 0; second < LAG_SECONDS; second++) {
    await sleep(1_000)
    const { behindSeconds } = (await (await fetch(`${api.url}/readyz`)).json()) as { behindSeconds: number }
    behind.push(behindSeconds)
  }
  expect(Math.max(...behind), behind.join()).toBeLessThan(2)
})

test('with a socket, an indexer asks little more than once a second, and indexes what happens', async () => {
  await indexer.stop()
  const env = { WS_URL: chain.rpcUrl.replace('http', 'ws') }
  indexer = await startIndexer({ ...chain, databaseUrl, rpcUrl: nodes.indexer.url, env })
  expect((await callsWhileIdle()).indexer).toBeLessThan(2.5)
  await postRun(chain)
  await waitForIndex(databaseUrl, await latest())
  await using client = await connect(databaseUrl)
  expect((await client.query('SELECT FROM runline.run')).rowCount).toBe(1)
})
