import { getTableName, is } from 'drizzle-orm'
import { PgTable } from 'drizzle-orm/pg-core'
import type pg from 'pg'
import { connect } from '../ops/database/connect.ts'
import * as schema from '../ponder.schema.ts'
import type { Difference } from './oracle.ts'

/** Without the recent blocks: an index has those since its start, and of the replayed ones only some. */
const tables = Object.values(schema)
  .filter((each) => is(each, PgTable))
  .map((table) => getTableName(table))
  .filter((name) => name !== getTableName(schema.recentBlock))

const READS_VIEWS = '-c search_path=runline'

/**
 * Compares every row of every table of one index with those of another, in both directions.
 * @param expectedUrl The database of the index that is known to be right.
 */
export async function compareTables(expectedUrl: string, actualUrl: string): Promise<Difference[]> {
  await using expected = await connect(expectedUrl, READS_VIEWS)
  await using actual = await connect(actualUrl, READS_VIEWS)
  const differences: Difference[] = []
  for (const table of tables) differences.push(...(await compareTable(table, expected, actual)))
  return differences
}

async function compareTable(table: string, expected: pg.Client, actual: pg.Client): Promise<Difference[]> {
  const { rows } = await expected.query(`SELECT coalesce(jsonb_agg(t), '[]')::text AS all FROM ${table} t`)
  await actual.query(`CREATE TEMP TABLE expected_${table} AS TABLE ${table} WITH NO DATA`)
  await actual.query(
    `INSERT INTO expected_${table} SELECT * FROM jsonb_populate_recordset(NULL::expected_${table}, $1::jsonb)`,
    [rows[0].all],
  )
  const missing = await actual.query(
    `SELECT to_json(t)::text AS row FROM (TABLE expected_${table} EXCEPT TABLE ${table}) t`,
  )
  const wrong = await actual.query(
    `SELECT to_json(t)::text AS row FROM (TABLE ${table} EXCEPT TABLE expected_${table}) t`,
  )
  return [
    ...missing.rows.map(({ row }) => ({ subject: `table ${table}`, field: 'row', expected: row, actual: 'none' })),
    ...wrong.rows.map(({ row }) => ({ subject: `table ${table}`, field: 'row', expected: 'none', actual: row })),
  ]
}
