import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import pg from 'pg'
import { beforeAll, expect, test } from 'vitest'
import { pruneCachedBlocks } from '../../../ops/builds/cachedBlocks.ts'
import { switchViews } from '../../../ops/builds/views.ts'
import { writeDeployment } from '../../../ops/writeDeployment.ts'
import { startApi } from '../../../tools/devnet/api.ts'
import { type Indexer, startIndexer } from '../../../tools/devnet/indexer.ts'
import { freshDatabase } from '../../support/database.ts'
import { type MarketOnAnvil, startMarketOnAnvil } from '../../support/marketOnAnvil.ts'
import { startPublicChain } from '../../support/publicChain.ts'
import { temporaryDirectory } from '../../support/temporaryDirectory.ts'
import { poster, postRun } from './postRun.ts'

let chain: MarketOnAnvil
let other: Awaited<ReturnType<typeof startPublicChain>>
let databaseUrl: string
let client: pg.Client
let indexer: Indexer

beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  databaseUrl = await freshDatabase()
  client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  parts.defer(() => client.end())
  chain = await startMarketOnAnvil()
  parts.defer(chain.stop)
  other = await startPublicChain({ blockTime: 1 })
  parts.defer(other.stop)
  await chain.fund(poster)
  indexer = await startIndexer({ ...chain, databaseUrl })
  parts.defer(() => indexer.stop())
  await servesHead('runline')
  const kept = parts.move()
  return () => kept.disposeAsync()
}, 120_000)

/** Waits until readers of the schema see the latest block of a chain. */
async function servesHead(schema: string, atLeast = 1n) {
  for (const deadline = Date.now() + 60_000; ; await sleep(100)) {
    if ((await headOf(schema)) >= atLeast) return
    if (Date.now() > deadline) throw new Error(`${schema} has no block ${atLeast} within a minute`)
  }
}

async function headOf(schema: string): Promise<bigint> {
  const { rows: tables } = await client.query('SELECT to_regclass($1) AS head', [`${schema}.head`])
  if (tables[0].head === null) return -1n
  const { rows } = await client.query<{ number: string }>(`SELECT number FROM ${schema}.head`)
  return BigInt(rows[0]?.number ?? -1)
}

async function builds(schema: string): Promise<string> {
  const { rows } = await client.query<{ build: string }>(
    `SELECT DISTINCT table_schema AS build FROM information_schema.view_table_usage
     WHERE view_schema = $1 AND view_name = 'head'`,
    [schema],
  )
  return rows[0]?.build ?? ''
}

test('a switch keeps the views of an operator, also those that read ours', async () => {
  await client.query(`
    CREATE VIEW runline.report AS SELECT count(*) AS runs FROM runline.run;
    CREATE VIEW runline.clock AS SELECT now()`)
  const another = await temporaryDirectory()
  writeDeployment({ ...chain.deployment, startBlock: chain.deployment.startBlock - 1 }, another.path)
  const before = await builds('runline')
  const replacement = await startIndexer({
    ...chain,
    databaseUrl,
    deploymentsDirectory: another.path,
    redeploy: true,
  })
  await replacement.part.saw(/Readers see this build/, 60_000)
  await indexer.stop()
  indexer = replacement
  await another.remove()
  expect(await builds('runline')).not.toBe(before)
  await postRun(chain)
  await servesHead('runline', await chain.client.getBlockNumber({ cacheTime: 0 }))
  expect((await client.query('SELECT runs FROM runline.report')).rows).toEqual([{ runs: '1' }])
  expect((await client.query('SELECT * FROM runline.clock')).rowCount).toBe(1)
})

test('a switch refuses to replace a view that is not ours', async () => {
  const build = await builds('runline')
  await client.query('CREATE SCHEMA taken; CREATE VIEW taken.head AS SELECT 1 AS number')
  await expect(switchViews(client, { build, served: undefined, viewsSchema: 'taken' })).rejects.toThrow(
    '"taken"."head" is not the indexer\'s: rename it, or set another DATABASE_SCHEMA',
  )
  expect((await client.query('SELECT number FROM taken.head')).rows).toEqual([{ number: 1 }])
})

test('a database has one chain: an indexer and an API of another one end', async () => {
  const indexerOfOther = startIndexer({ ...other, databaseUrl, schema: 'base' })
  await expect(indexerOfOther).rejects.toThrow(
    /exited with code 1.*has chain 31337 in schema runline_\w+, not 84532: set another DATABASE_URL/s,
  )
  const api = await startApi({ ...chain, databaseUrl })
  await api.stop()
  const apiOfOther = await startApi({ ...other, databaseUrl })
  expect(await apiOfOther.part.ended).toBe('exited with code 1')
  expect(apiOfOther.part.output()).toContain('belongs to chain 31337, not 84532: use another database')
})

test('the command drops the tables of a build that no reader sees and no process runs', async () => {
  await indexer.stop()
  const build = await builds('runline')
  await client.query('DROP SCHEMA runline CASCADE')
  const env = { DATABASE_URL: databaseUrl }
  const { stdout } = await execa('node', ['ops/pruneCommand.ts'], { env, preferLocal: true })
  expect(stdout).toContain(`${build} dropped`)
})

async function cachedBlocks(): Promise<number[]> {
  const { rows } = await client.query<{ number: string }>('SELECT number FROM ponder_sync.blocks ORDER BY number')
  return rows.map(({ number }) => Number(number))
}

test('the cache keeps the blocks of events and the newest, and a new build indexes the same from it', async () => {
  // A short window, because the time between these blocks is not known.
  const start = () => startIndexer({ ...chain, databaseUrl, env: { REORG_WINDOW_SECONDS: '5' } })
  const latest = () => chain.client.getBlockNumber({ cacheTime: 0 })
  const runs = async () => (await client.query('SELECT bounty_id, created_at FROM runline.run ORDER BY 1')).rows
  await client.query('DROP SCHEMA IF EXISTS runline CASCADE')
  indexer = await start()
  await servesHead('runline', await latest())
  await postRun(chain)
  await chain.client.mine({ blocks: 200 })
  await servesHead('runline', await latest())
  await chain.client.mine({ blocks: 100 })
  await servesHead('runline', await latest())
  const before = await runs()
  const eventBlocks = (
    await client.query<{ number: string }>(
      'SELECT DISTINCT block_number AS number FROM ponder_sync.logs WHERE chain_id = 31337 ORDER BY 1',
    )
  ).rows.map(({ number }) => Number(number))
  await indexer.stop()

  const all = await cachedBlocks()
  expect(await pruneCachedBlocks(client, 31337, 50)).toBeGreaterThan(100)
  const kept = await cachedBlocks()
  expect(kept).toEqual(expect.arrayContaining(eventBlocks))
  expect(kept).toEqual(expect.arrayContaining(all.slice(-10)))
  expect(kept.length).toBeLessThanOrEqual(50 + eventBlocks.length)

  // A restart, and a build that backfills from the cache.
  indexer = await start()
  await servesHead('runline', await latest())
  expect(await runs()).toEqual(before)
  await indexer.stop()
  await client.query(`DROP SCHEMA ${await builds('runline')} CASCADE`)
  indexer = await start()
  await servesHead('runline', await latest())
  expect(await runs()).toEqual(before)
  expect(before).toHaveLength(2)

  await client.query('CREATE SCHEMA foreign_app; CREATE TABLE foreign_app._ponder_meta ()')
  expect(await pruneCachedBlocks(client, 31337, 1)).toBe(0)
})
