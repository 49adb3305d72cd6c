import { getTableName, is } from 'drizzle-orm'
import { PgTable } from 'drizzle-orm/pg-core'
import pg from 'pg'
import * as schema from '../ponder.schema.ts'
import type { Difference } from './oracle.ts'

/** Without the recent blocks: an index has those since its start, and of the replayed ones only some. */
const tables = Object.values(schema)
  .filter((each) => is(each, PgTable))
  .map((table) => getTableName(table))
  .filter((name) => name !== getTableName(schema.recentBlock))

/** A connection that reads the views of one index. */
const readerOf = (url: string) => new pg.Client({ connectionString: url, options: '-c search_path=runline' })

/**
 * Compares every row of every table of one index with those of another, in both directions.
 * @param expectedUrl The database of the index that is known to be right.
 */
export async function compareTables(expectedUrl: string, actualUrl: string): Promise<Difference[]> {
  const expected = readerOf(expectedUrl)
  const actual = readerOf(actualUrl)
  await Promise.all([expected.connect(), actual.connect()])
  try {
    const differences: Difference[] = []
    for (const table of tables) differences.push(...(await compareTable(table, expected, actual)))
    return differences
  } finally {
    await Promise.all([expected.end(), actual.end()])
  }
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
