import pg from 'pg'
import { beforeAll, expect, test } from 'vitest'
import { indexStatements } from '../../../ops/builds/indexes.ts'
import { runDistinctValues } from '../../../ponder.schema.ts'
import { type Indexer, startIndexer } from '../../../tools/devnet/indexer.ts'
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

const ofBuild = `pg_class JOIN information_schema.view_table_usage
  ON table_schema = relnamespace::regnamespace::text AND table_name = relname AND view_schema = 'runline'`

async function query(text: string) {
  const client = new pg.Client({ connectionString: market.databaseUrl })
  await client.connect()
  const { rows } = await client.query<Record<string, string>>(text)
  await client.end()
  return rows
}

/** The oids of the build's indexes that are not of primary keys: an index that was made again has another one. */
const indexes = () =>
  query(`SELECT indexrelid AS oid FROM ${ofBuild} JOIN pg_index ON indrelid = pg_class.oid
    WHERE NOT indisprimary AND indisvalid ORDER BY 1`)

test('a build has the numbers of distinct values that its schema names', async () => {
  const rows = await query(`SELECT attname AS column, split_part(attoptions[1], '=', 2) AS count
    FROM ${ofBuild} JOIN pg_attribute ON attrelid = pg_class.oid WHERE attoptions IS NOT NULL AND relname = 'run'`)
  const counts = Object.fromEntries(rows.map(({ column, count }) => [column, Number(count)]))
  const { state, posterAddress, claimedBy, evaluator } = runDistinctValues
  expect(counts).toEqual({ state, poster_address: posterAddress, claimed_by: claimedBy, evaluator })
})

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
