import { setTimeout as sleep } from 'node:timers/promises'
import getPort from 'get-port'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApi } from '../../../tools/devnet/api.ts'
import { startIndexer } from '../../../tools/devnet/indexer.ts'
import { type Postgres, startPostgres } from '../../../tools/devnet/postgres.ts'
import { crashDatabase, dropConnections } from '../../../tools/simulation/faults/database.ts'
import { type MarketOnAnvil, startMarketOnAnvil } from '../../support/marketOnAnvil.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'
import { startIndexOf } from './indexOf.ts'
import { poster, postRun } from './postRun.ts'

let chain: MarketOnAnvil
let postgres: Postgres

beforeAll(async () => {
  ;[chain, postgres] = await Promise.all([startMarketOnAnvil(), startPostgres()])
  await chain.fund(poster)
})

afterAll(async () => {
  await postgres?.stop()
  await chain?.stop()
})

test('an indexer whose database crashes exits with 75, and loses nothing after the restart', {
  timeout: 150_000,
}, async () => {
  const databaseUrl = await postgres.createDatabase()
  const options = { ...chain, databaseUrl }
  const indexer = await startIndexer(options)
  try {
    await indexer.part.saw(/Readers see this build/, 60_000)
    for (let posted = 0; posted < 5; posted++) await postRun(chain)
    await waitForIndex(databaseUrl, await chain.client.getBlockNumber({ cacheTime: 0 }), 20_000)
    // Closing idle connections, as an administrator may, does not end the indexer. While it starts or writes, it may.
    await sleep(1_000)
    await dropConnections(databaseUrl)
    for (let posted = 0; posted < 5; posted++) await postRun(chain)
    // Then it has connections on which PostgreSQL can report the crash.
    await waitForIndex(databaseUrl, await chain.client.getBlockNumber({ cacheTime: 0 }), 20_000)
    await crashDatabase(databaseUrl)
    expect(await indexer.part.ended).toBe('exited with code 75')
    expect(indexer.part.output()).toContain('PostgreSQL reports a crash')
  } finally {
    await indexer.stop()
  }
  await postRun(chain)
  const resumed = await startIndexOf(chain, databaseUrl)
  const fresh = await startIndexOf(chain, await postgres.createDatabase())
  try {
    const rows = await resumed.tables()
    expect(rows.runs).toHaveLength(11)
    expect(rows).toEqual(await fresh.tables())
  } finally {
    await resumed.stop()
    await fresh.stop()
  }
})

test('a crash of PostgreSQL loses no block that readers saw, and they get answers before the indexer restarts', {
  timeout: 90_000,
}, async () => {
  await using parts = new AsyncDisposableStack()
  // By itself, this server writes commits to the disk only after the test.
  const lazy = await startPostgres({ settings: { wal_writer_delay: '10s' } })
  parts.defer(lazy.stop)
  const options = { ...chain, databaseUrl: await lazy.createDatabase() }
  const indexer = await startIndexer(options)
  parts.defer(indexer.stop)
  await indexer.part.saw(/Readers see this build/, 60_000)
  const api = await startApi(options)
  parts.defer(api.stop)
  await postRun(chain)
  const block = await chain.client.getBlockNumber({ cacheTime: 0 })
  const statusAt = async () => (await fetch(`${api.url}/api/runs?minBlock=${block}`)).status
  expect(await statusAt()).toBe(200)
  await sleep(500)
  await lazy.crash()
  expect(await indexer.part.ended).toBe('exited with code 75')
  await expect.poll(statusAt, { timeout: 20_000 }).toBe(200)
})

test('an indexer that starts before PostgreSQL waits for it', { timeout: 90_000 }, async () => {
  await using parts = new AsyncDisposableStack()
  const port = await getPort()
  const waiting = Promise.withResolvers<void>()
  const databaseUrl = `postgres://postgres:postgres@127.0.0.1:${port}/postgres`
  const starting = startIndexer({
    ...chain,
    databaseUrl,
    onLine: (line) => line.includes('PostgreSQL does not accept connections') && waiting.resolve(),
  })
  await Promise.race([waiting.promise, starting])
  const late = await startPostgres({ port })
  parts.defer(late.stop)
  const indexer = await starting
  parts.defer(indexer.stop)
  await indexer.part.saw(/Readers see this build/, 60_000)
})
