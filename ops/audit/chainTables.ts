import { getTableColumns } from 'drizzle-orm'
import { toSnakeCase } from 'drizzle-orm/casing'
import type pg from 'pg'
import { agent, payee, run, runEvent } from '../../ponder.schema.ts'

/** Adds rows to one of the audit's tables. A field that a row lacks is NULL. */
export async function addRows(client: pg.ClientBase, table: string, rows: readonly object[]): Promise<void> {
  const records = rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [toSnakeCase(name), typeof value === 'bigint' ? `${value}` : value]),
    ),
  )
  await client.query(`INSERT INTO ${table} SELECT * FROM json_populate_recordset(NULL::${table}, $1)`, [
    JSON.stringify(records),
  ])
}

/** Two tables, or queries in parentheses. Each field of `chain` must be equal in the row of `table` with the same key. */
type Comparison = {
  chain: string
  table: string
  /** The columns that tell one row from another. */
  key: string
  /** An expression of the key that names a row in the report. */
  subject: string
}

/** Stores each difference. A row that is missing or should not exist is one. */
export async function compareRows(client: pg.ClientBase, { chain, table, key, subject }: Comparison): Promise<void> {
  await client.query(`
    WITH pair AS (
      SELECT ${key}, ${subject} AS subject, row_to_json(chain) AS chain, row_to_json(stored) AS stored
      FROM ${chain} AS chain FULL JOIN ${table} AS stored USING (${key})
      WHERE (to_jsonb(stored) @> to_jsonb(chain)) IS NOT TRUE
    )
    INSERT INTO difference (subject, field, on_chain, in_table)
    SELECT subject, field, on_chain, in_table
    FROM pair CROSS JOIN LATERAL (
      SELECT 0 AS place, 'exists' AS field, (chain IS NOT NULL)::text AS on_chain, (stored IS NOT NULL)::text AS in_table
      WHERE chain IS NULL OR stored IS NULL
      UNION ALL
      SELECT place, field, chain ->> field, stored ->> field
      FROM json_object_keys(chain) WITH ORDINALITY AS name (field, place)
      WHERE stored IS NOT NULL
    ) AS compared
    WHERE on_chain IS DISTINCT FROM in_table
    ORDER BY ${key}, place`)
}

/** The names of columns as our sources have them. */
const fieldNames = new Map(
  [run, runEvent, agent, payee].flatMap((table) =>
    Object.keys(getTableColumns(table)).map((name) => [toSnakeCase(name), name]),
  ),
)

/** The stored differences, each as one line. */
export async function readDifferences(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<Record<'subject' | 'field' | 'on_chain' | 'in_table', string | null>>(
    'SELECT subject, field, on_chain, in_table FROM difference ORDER BY place',
  )
  return rows.map(({ subject, field, on_chain, in_table }) => {
    const name = fieldNames.get(field ?? '') ?? field
    return `${subject}: ${name} is ${in_table} in the table, ${on_chain} on chain`
  })
}
