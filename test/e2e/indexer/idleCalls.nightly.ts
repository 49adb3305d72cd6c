import { setTimeout as sleep } from 'node:timers/promises'
import { baseSepolia } from 'viem/chains'
import { beforeAll, expect, test } from 'vitest'
import { putForeignLogs, writeForeignLogs } from '../../../tools/bench/foreignLogs.ts'
import { keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { type Api, startApi } from '../../../tools/devnet/api.ts'
import { startIndexer } from '../../../tools/devnet/indexer.ts'
import { deployArtifact } from '../../support/contracts.ts'
import { freshDatabase } from '../../support/database.ts'
import { type FastChain, startFastChain } from '../../support/fastChain.ts'
import { countCalls, type RpcProxy, startRpcProxy } from '../../support/rpcProxy.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'

const IDLE_SECONDS = 20

const FOREIGN_BLOCKS = 10

const HANG_SECONDS = 90
/** From the node's first answer until the index has the block that the chain had then. */
const RECOVERY_MS = 5_000

/** The blocks that a transaction of the indexer stores on average then. */
const LEAST_JOINED = 4

/** The API compares the index with the chain every six seconds, and shows the result for two. */
const LAG_SECONDS = 9

type Name = 'indexer' | 'api'

let chain: FastChain
let databaseUrl: string
let nodes: Record<Name, RpcProxy>
let api: Api
/** Transactions of the indexer that store blocks. */
let stored = 0

const latest = async () => (await chain.client.getBlock()).number

beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  chain = await startFastChain({
    chainId: baseSepolia.id,
    history: 80,
    prepareUsdc: (rpcUrl) => deployArtifact(rpcUrl, 'MockUSDC'),
    prepare: async () => undefined,
  })
  parts.defer(chain.stop)
  await chain.start()
  const startNode = async () => {
    const node = await startRpcProxy(chain.rpcUrl)
    parts.defer(node.stop)
    return node
  }
  nodes = { indexer: await startNode(), api: await startNode() }
  databaseUrl = await freshDatabase()
  const onLine = (line: string) => {
    if (line.includes('"Indexed block"')) stored += 1
  }
  const indexer = await startIndexer({ ...chain, databaseUrl, rpcUrl: nodes.indexer.url, onLine })
  parts.defer(indexer.stop)
  const relayerKey = keyOf(roles.relayer)
  api = await startApi({ ...chain, databaseUrl, rpcUrl: nodes.api.url, relayerKey })
  parts.defer(api.stop)
  const kept = parts.move()
  return () => kept.disposeAsync()
}, 120_000)

// Their bloom filters have any address and topic by chance.
test('blocks with hundreds of logs of another contract are indexed', async () => {
  await putForeignLogs(chain.client)
  for (let block = 0; block < FOREIGN_BLOCKS; block++) {
    const hash = await writeForeignLogs(chain.client)
    await chain.client.waitForTransactionReceipt({ hash })
  }
  await waitForIndex(databaseUrl, await latest())
})

test('an indexer asks little more than a poll for each of five blocks a second, and an API one in three seconds', async () => {
  await waitForIndex(databaseUrl, (await latest()) + 20n)
  const from = await latest()
  for (const node of Object.values(nodes)) node.reset()
  // Nothing happens in the market, and the index follows.
  await sleep(1_000 * IDLE_SECONDS)
  const perSecond = (name: Name) => {
    const use = nodes[name].use()
    const calls = countCalls(use) / IDLE_SECONDS
    console.log(`${name}: ${calls} calls a second: ${[...use.calls].join('; ')}`)
    return calls
  }
  expect(perSecond('indexer')).toBeLessThan(6.5)
  expect(perSecond('api')).toBeLessThanOrEqual(0.3)
  await waitForIndex(databaseUrl, from + 4n * BigInt(IDLE_SECONDS))
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

test(`an index whose node hung for ${HANG_SECONDS} seconds is current within five`, { timeout: 180_000 }, async () => {
  nodes.indexer.from(() => ({ kind: 'hang' }))
  await sleep(1_000 * HANG_SECONDS)
  stored = 0
  nodes.indexer.heal()
  const healedAt = performance.now()
  await waitForIndex(databaseUrl, await latest(), 60_000)
  const milliseconds = performance.now() - healedAt
  console.log(`The index was current after ${Math.round(milliseconds)} ms and ${stored} transactions`)
  expect(stored).toBeLessThan((5 * HANG_SECONDS) / LEAST_JOINED)
  expect(milliseconds).toBeLessThan(RECOVERY_MS)
})
