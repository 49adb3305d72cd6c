import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { keepHighestBlock } from '../../ops/builds/highestBlock.ts'
import { takeOver } from '../../ops/builds/takeOver.ts'
import { servedBuild } from '../../ops/builds/views.ts'
import { chainId, checkpointOf } from '../support/indexedTables.ts'
import { indexedDatabase } from './indexedDatabase.ts'

const build = 'runline_0123456789'
const newBuild = 'runline_9876543210'
const BLOCK = 10

test('an indexer that serves looks once a second whether another build took over', { timeout: 60_000 }, async () => {
  const { url: databaseUrl, create, close } = await indexedDatabase()
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  await create()
  await client.query(`DROP SCHEMA runline CASCADE; ALTER SCHEMA runline_build RENAME TO ${build}`)
  // Its trigger names the schema.
  await keepHighestBlock(client, build)
  const checkpoint = checkpointOf({ number: BigInt(BLOCK), timestamp: BigInt(BLOCK) })
  await client.query(`BEGIN; DELETE FROM ${build}.head; DELETE FROM ${build}._ponder_checkpoint;
    INSERT INTO ${build}.head (chain_id, number, hash, timestamp) VALUES (${chainId}, ${BLOCK}, '0x', ${BLOCK});
    INSERT INTO ${build}._ponder_checkpoint
      VALUES ('market', ${chainId}, '${checkpoint}', '${checkpoint}', '${checkpoint}'); COMMIT`)
  await close()
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
  await client.end()
})
