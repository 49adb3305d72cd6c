import { getTableName, is } from 'drizzle-orm'
import { PgTable } from 'drizzle-orm/pg-core'
import type pg from 'pg'
import { connect } from '../../ops/database/connect.ts'
import * as schema from '../../ponder.schema.ts'
import type { Difference } from './oracle.ts'

/** Without the recent blocks: an index has those since its start, and of the replayed ones only some. */
const tables = Object.values(schema)
  .filter((each) => is(each, PgTable))
  .map((table) => getTableName(table))
  .filter((name) => name !== getTableName(schema.recentBlock))

const READS_VIEWS = { options: '-c search_path=runline' }

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
  const right = await rowsOf(table, expected)
  const found = await rowsOf(table, actual)
  const missing = [...right].filter((row) => !found.has(row))
  const wrong = [...found].filter((row) => !right.has(row))
  return [
    ...missing.map((row) => ({ subject: `table ${table}`, field: 'row', expected: row, actual: 'none' })),
    ...wrong.map((row) => ({ subject: `table ${table}`, field: 'row', expected: 'none', actual: row })),
  ]
}

async function rowsOf(table: string, client: pg.Client): Promise<Set<string>> {
  const { rows } = await client.query<{ row: string }>(`SELECT to_jsonb(t)::text AS row FROM ${table} t`)
  return new Set(rows.map(({ row }) => row))
}
