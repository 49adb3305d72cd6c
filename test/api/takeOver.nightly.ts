import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { pino } from 'pino'
import { beforeEach, expect, test } from 'vitest'
import { followBlocks } from '../../ops/builds/followBlocks.ts'
import { createIndexes } from '../../ops/builds/indexes.ts'
import { takeOver } from '../../ops/builds/takeOver.ts'
import { servedBuild, switchViews } from '../../ops/builds/views.ts'
import { chainId, checkpointOf } from '../support/indexedTables.ts'
import { indexedDatabase } from './indexedDatabase.ts'

const build = 'runline_0123456789'
const newBuild = 'runline_9876543210'
const BLOCK = 10

let databaseUrl: string
let client: pg.Client

/** A build that has caught up, and that readers do not see. */
beforeEach(async () => {
  const { url, create, close } = await indexedDatabase()
  databaseUrl = url
  client = new pg.Client({ connectionString: url })
  await client.connect()
  await create()
  await client.query(`DROP SCHEMA runline CASCADE; ALTER SCHEMA runline_build RENAME TO ${build}`)
  // Its trigger names the schema.
  await followBlocks(client, build, 'runline')
  const checkpoint = checkpointOf({ number: BigInt(BLOCK), timestamp: BigInt(BLOCK) })
  await client.query(`BEGIN; DELETE FROM ${build}.head; DELETE FROM ${build}._ponder_checkpoint;
    INSERT INTO ${build}.head (chain_id, number, hash, timestamp) VALUES (${chainId}, ${BLOCK}, '0x', ${BLOCK});
    INSERT INTO ${build}._ponder_checkpoint
      VALUES ('market', ${chainId}, '${checkpoint}', '${checkpoint}', '${checkpoint}'); COMMIT`)
  await close()
  return () => client.end()
})

/** As Ponder while it indexes a block. @returns a session in a transaction that has changed a table. */
async function storingBlock(table: 'run' | '_ponder_checkpoint') {
  const writer = new pg.Client({ connectionString: databaseUrl })
  await writer.connect()
  await writer.query(`SET lock_timeout = '1s'; BEGIN; DELETE FROM ${build}.${table}`)
  return writer
}

test('readers are switched to a build while it stores a block', async () => {
  const writer = await storingBlock('_ponder_checkpoint')
  const change = { build, served: undefined, viewsSchema: 'runline' }
  expect(await switchViews(client, change)).toBe(true)
  await writer.end()
})

test('indexes are created while the build stores blocks, and anew where that was interrupted', async () => {
  await client.query(`DROP INDEX ${build}.run_reward`)
  const creating = () => createIndexes(client, build)
  const writer = await storingBlock('run')
  const interrupted = creating()
  interrupted.catch(() => undefined)
  const other = await storingBlock('run')
  await other.query('COMMIT')
  await other.query(`SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX%'`)
  await expect(interrupted).rejects.toThrow('canceling statement due to user request')
  await Promise.all([writer.end(), other.end()])
  await creating()
  const { rows } = await client.query(
    `SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = to_regclass('${build}.run_reward')`,
  )
  expect(rows).toEqual([{ valid: true }])
})

test('an indexer that serves looks once a second whether another build took over', { timeout: 60_000 }, async () => {
  const logger = pino({ level: 'silent' })
  const watching = takeOver({
    databaseUrl,
    build,
    viewsSchema: 'runline',
    servedAtStart: undefined,
    onCaughtUp() {},
    logger,
  })
  await expect.poll(() => servedBuild(client, 'runline'), { timeout: 10_000 }).toBe(build)

  // Not a count of the database's commits: autovacuum commits too.
  const lookedAt = async () => {
    const { rows } = await client.query(
      `SELECT query_start::text FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'runline_views'`,
    )
    return rows.map((row) => row.query_start)
  }
  await sleep(2_000)
  const moments = new Set<string>()
  for (const until = performance.now() + 4_000; performance.now() < until; await sleep(10)) {
    for (const moment of await lookedAt()) moments.add(moment)
  }
  // A look is one statement. While readers see another build there are ten times as many.
  expect(moments.size).toBeGreaterThan(1)
  expect(moments.size).toBeLessThan(20)

  await client.query(`CREATE SCHEMA ${newBuild}; CREATE TABLE ${newBuild}.head (LIKE ${build}.head);
    CREATE OR REPLACE VIEW runline.head AS SELECT * FROM ${newBuild}.head`)
  await watching
})
