import { execa } from 'execa'
import pg from 'pg'
import type { Hash } from 'viem'
import { expect, test, vi } from 'vitest'
import { siblingOf } from '../../../ops/builds/builds.ts'
import { servedBuild } from '../../../ops/builds/views.ts'
import { type Api, startApi } from '../../../tools/devnet/api.ts'
import { type Indexer, type IndexerOptions, startIndexer } from '../../../tools/devnet/indexer.ts'
import { startPostgres } from '../../../tools/devnet/postgres.ts'
import { crashDatabase } from '../../../tools/simulation/faults/database.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain } from '../../support/market.ts'
import { participantsOf } from '../../support/participants.ts'
import { startPublicChain } from '../../support/publicChain.ts'
import { startRpcProxy } from '../../support/rpcProxy.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'
import { OUTAGE_LIMIT_MS, readList } from './readList.ts'

type Connections = Pick<IndexerOptions, 'databaseUrl' | 'chainId' | 'rpcUrl' | 'deploymentsDirectory' | 'schema'>

/** Starts both indexers of a build at once, and waits until one serves readers and the other one is its standby. */
async function startBoth(connections: Connections, parts: AsyncDisposableStack): Promise<[Indexer, Indexer]> {
  const both = await Promise.all([startIndexer(connections), startIndexer({ ...connections, standby: true })])
  for (const { stop } of both) parts.defer(stop)
  await Promise.all(
    both.map(({ part }) => part.saw(/Readers see this build|This indexer is ready to take over/, 60_000)),
  )
  return both
}

/** Kills the indexer that serves readers, and expects that they do not notice. */
async function expectTakeover(
  [own, standbys]: [Indexer, Indexer],
  { databaseUrl, schema = 'runline' }: Connections,
  api: Api,
) {
  const stopReading = readList(api.url, 0)
  const before = await schemaThatReadersSee(databaseUrl, schema)
  const { part } = before?.endsWith('_standby') ? standbys : own
  process.kill(part.pid, 'SIGKILL')
  await vi.waitFor(async () => expect(await schemaThatReadersSee(databaseUrl, schema)).toBe(siblingOf(before ?? '')), {
    timeout: 10_000,
    interval: 100,
  })
  const { longestMs, wrong } = await stopReading()
  expect(wrong).toEqual([])
  expect(longestMs).toBeLessThan(OUTAGE_LIMIT_MS)
}

async function schemaThatReadersSee(databaseUrl: string, viewsSchema: string) {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    return await servedBuild(client, viewsSchema)
  } finally {
    await client.end()
  }
}

test('two chains in one database: both indexers of each start at once, and each standby takes over', {
  timeout: 240_000,
}, async () => {
  await using parts = new AsyncDisposableStack()
  const databaseUrl = await freshDatabase()
  const chain = await startTestChain()
  parts.defer(chain.stop)
  const other = await startPublicChain({ blockTime: 1 })
  parts.defer(other.stop)
  const connections = { ...chain, databaseUrl }
  const otherConnections = { ...other, databaseUrl, schema: 'base' }
  const pair = await startBoth(connections, parts)
  const otherPair = await startBoth(otherConnections, parts)
  const api = await startApi(connections)
  parts.defer(api.stop)
  const otherApi = await startApi(otherConnections)
  parts.defer(otherApi.stop)

  const before = await schemaThatReadersSee(databaseUrl, 'base')
  await expectTakeover(pair, connections, api)
  expect(await schemaThatReadersSee(databaseUrl, 'base')).toBe(before)
  const after = await schemaThatReadersSee(databaseUrl, 'runline')
  await expectTakeover(otherPair, otherConnections, otherApi)
  expect(await schemaThatReadersSee(databaseUrl, 'runline')).toBe(after)
})

test('after a reorg deeper than finality the command recovers both indexers of a build', {
  timeout: 240_000,
}, async () => {
  await using parts = new AsyncDisposableStack()
  const databaseUrl = await freshDatabase()
  const chain = await startTestChain({ flags: [] })
  parts.defer(chain.stop)
  const connections = { ...chain, databaseUrl }
  const both = await startBoth(connections, parts)
  const { client } = chain
  await client.mine({ blocks: 100 })
  const number = await client.getBlockNumber({ cacheTime: 0 })
  await waitForIndex(databaseUrl, number)

  await client.request({ method: 'anvil_reorg', params: [90, []] })
  await client.mine({ blocks: 1 })
  expect(await Promise.all(both.map(({ part }) => part.ended))).toEqual(Array(2).fill('exited with code 75'))
  for (const isStandby of [false, true]) {
    const started = startIndexer({ ...connections, standby: isStandby })
    await expect(started).rejects.toThrow(/exited with code 1.*npm run recover:indexer/s)
  }
  const { stdout } = await execa('node', ['ops/recoverCommand.ts'], {
    env: { DATABASE_URL: databaseUrl, CHAIN_ID: String(connections.chainId), RPC_URL: chain.rpcUrl },
    preferLocal: true,
  })
  expect(stdout).toMatch(/these builds: runline_\w{10}, runline_\w{10}_standby\. Start the indexer again/)
  await startBoth(connections, parts)
  await waitForIndex(databaseUrl, await client.getBlockNumber({ cacheTime: 0 }))
})

test('a crash of PostgreSQL ends both indexers: readers get answers while each restarts and replays its last blocks', {
  timeout: 240_000,
}, async () => {
  await using parts = new AsyncDisposableStack()
  const postgres = await startPostgres()
  parts.defer(postgres.stop)
  const databaseUrl = await postgres.createDatabase()
  const chain = await startTestChain()
  parts.defer(chain.stop)
  const node = await startRpcProxy(chain.rpcUrl)
  parts.defer(node.stop)
  const { deploymentsDirectory, deployment, client } = chain
  const connections = { databaseUrl, deploymentsDirectory, chainId: deployment.chainId, rpcUrl: node.url }
  async function start(standby: boolean) {
    const indexer = await startIndexer({ ...connections, standby })
    parts.defer(indexer.stop)
    return indexer
  }
  const serving = await start(false)
  await serving.part.saw(/Readers see this build/, 60_000)
  const standby = await start(true)
  await standby.part.saw(/This indexer is ready to take over/, 60_000)
  const api = await startApi({ ...connections, rpcUrl: chain.rpcUrl })
  parts.defer(api.stop)
  await participantsOf(chain).openRun()
  // More than a restart replays.
  await client.mine({ blocks: 40 })
  await waitForIndex(databaseUrl, await client.getBlockNumber({ cacheTime: 0 }), 30_000)

  const stopReading = readList(api.url)
  const ends = [serving, standby].map(({ part }) => part.ended)
  await crashDatabase(databaseUrl)
  expect(await Promise.all(ends)).toEqual(Array(2).fill('exited with code 75'))
  // With such answers of the node, an indexer replays its last blocks for seconds.
  node.from(() => ({ kind: 'delay', milliseconds: 400 }))
  const [restarted, restartedStandby] = await Promise.all([start(false), start(true)])
  await restartedStandby.part.saw(/Readers see this build/, 60_000)
  await restarted.part.saw(/This indexer is ready to take over/, 60_000)
  await waitForIndex(databaseUrl, await client.getBlockNumber({ cacheTime: 0 }), 30_000)
  const { longestMs, wrong } = await stopReading()
  console.log(`at most ${Math.round(longestMs)} ms without an answer`)
  expect(wrong).toEqual([])
  expect(longestMs).toBeLessThan(OUTAGE_LIMIT_MS)
})

test('a standby takes over from an indexer whose endpoint alone shows a reorg, and follows it later', {
  timeout: 240_000,
}, async () => {
  await using parts = new AsyncDisposableStack()
  const chain = await startTestChain({ flags: [] })
  parts.defer(chain.stop)
  const ofServing = await startRpcProxy(chain.rpcUrl)
  parts.defer(ofServing.stop)
  const ofStandby = await startRpcProxy(chain.rpcUrl)
  parts.defer(ofStandby.stop)
  const databaseUrl = await freshDatabase()
  const { deploymentsDirectory, deployment } = chain
  const connections = { databaseUrl, deploymentsDirectory, chainId: deployment.chainId }
  const serving = await startIndexer({ ...connections, rpcUrl: ofServing.url })
  parts.defer(serving.stop)
  await serving.part.saw(/Readers see this build/, 60_000)
  const standby = await startIndexer({ ...connections, rpcUrl: ofStandby.url, standby: true })
  parts.defer(standby.stop)
  await standby.part.saw(/This indexer is ready to take over/, 60_000)
  const api = await startApi({ ...connections, rpcUrl: chain.rpcUrl })
  parts.defer(api.stop)
  const { client } = chain
  const latest = () => client.getBlockNumber({ cacheTime: 0 })
  // The reorg removes the only run.
  await participantsOf(chain).openRun()
  await waitForIndex(databaseUrl, await latest())
  // A standby that lacks a block which readers saw does not take over.
  await standby.part.saw(new RegExp(`"Indexed block".*"number":${await latest()},`), 20_000)
  const stopReading = readList(api.url, null)
  // The endpoint of the standby shows nothing of the reorg for now.
  ofStandby.from(() => ({ kind: 'hang' }))
  const tookOver = standby.part.saw(/Readers see this build/, 30_000)
  // A reorg of five blocks then takes the serving indexer several seconds.
  ofServing.from(() => ({ kind: 'delay', milliseconds: 1_500 }))
  await client.request({ method: 'anvil_reorg', params: [5, []] })
  await client.mine({ blocks: 1 })
  await tookOver
  expect(standby.part.output()).toContain('"failure":"rewinding"')

  ofServing.heal()
  ofStandby.heal()
  await client.mine({ blocks: 1 })
  await waitForIndex(databaseUrl, await latest())
  const { longestMs, wrong, answers } = await stopReading()
  expect(wrong).toEqual([])
  expect(longestMs).toBeLessThan(OUTAGE_LIMIT_MS)
  const isOrphaned = new Map<Hash, boolean>()
  for (const { hash } of answers)
    isOrphaned.set(hash, (await client.request({ method: 'eth_getBlockByHash', params: [hash, false] })) === null)
  expect([...new Set(isOrphaned.values())]).toEqual([true, false])
  for (const { hash, runs } of answers) expect(runs).toBe(isOrphaned.get(hash) ? 1 : 0)
  console.log(`at most ${Math.round(longestMs)} ms without an answer`)
})
