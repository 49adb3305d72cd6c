import { expect, test } from 'vitest'
import { startIndexer } from '../../../tools/devnet/indexer.ts'
import { startRpcProxy, status } from '../../../tools/simulation/faults/rpcProxy.ts'
import { freshDatabase } from '../../support/database.ts'
import { startPublicChain } from '../../support/publicChain.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'

const RATE = 5

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

/** The requests per second that the endpoint grants. */
const GRANTED = 300

/** So many that the rate grows to it: each takes three requests. */
const BLOCKS = 2_000

test('without a setting, a backfill asks as often as the endpoint grants', { timeout: 240_000 }, async () => {
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
    if ((seconds[second] ?? 0) <= GRANTED) return undefined
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
  // At the rate of Base's setting it would take a second for each 50.
  expect(calls / took).toBeGreaterThan(2 * 50)
  // A process that was paused makes up for it at once.
  expect(refused / calls).toBeLessThan(0.15)
})

test('a rate that is too low for the polls is refused in words', { timeout: 60_000 }, async () => {
  const connections = { databaseUrl: await freshDatabase(), chainId: 84532, rpcUrl: 'http://127.0.0.1:1' }
  const env = { RPC_REQUESTS_PER_SECOND: '5', POLL_INTERVAL_MS: '200' }
  await expect(startIndexer({ ...connections, deploymentsDirectory: 'deployments', env })).rejects.toThrow(
    'RPC_REQUESTS_PER_SECOND is 5, too few for a poll every 200 ms: set at least 10, or a longer POLL_INTERVAL_MS',
  )
})
