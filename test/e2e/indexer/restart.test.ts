import pg from 'pg'
import { beforeAll, expect, test } from 'vitest'
import { type Indexer, startIndexer } from '../../../devnet/indexer.ts'
import { indexStatements } from '../../../ops/builds/indexes.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'

let market: TestMarket
let indexer: Indexer

beforeAll(async () => {
  market = await startTestMarket()
  indexer = market.indexer
  return async () => {
    await indexer.stop()
    await market.stop()
  }
})

/** The oids of the build's indexes that are not of primary keys: an index that was made again has another one. */
async function indexes(): Promise<string[]> {
  const client = new pg.Client({ connectionString: market.databaseUrl })
  await client.connect()
  const { rows } = await client.query<{ oid: string }>(
    `SELECT indexrelid AS oid FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
     JOIN information_schema.view_table_usage ON table_schema = relnamespace::regnamespace::text AND table_name = relname
     WHERE view_schema = 'runline' AND NOT indisprimary AND indisvalid ORDER BY 1`,
  )
  await client.end()
  return rows.map(({ oid }) => oid)
}

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'after %s the indexer starts without waiting, and the indexes remain',
  async (signal) => {
    const before = await indexes()
    expect(before).toHaveLength(indexStatements('any').length)
    process.kill(indexer.part.pid, signal)
    await indexer.part.ended
    indexer = await startIndexer(market)
    // Ponder says so before it waits until the lock of a killed process expires.
    expect(indexer.part.output()).not.toContain('Schema is locked')
    await market.indexed()
    expect(await indexes()).toEqual(before)
  },
)
