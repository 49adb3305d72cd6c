import pg from 'pg'
import { expect } from 'vitest'

const tables = ['run', 'agent', 'run_event', 'payee', 'poster', 'market_day']

/**
 * Changes the indexer's tables in ways that the indexer never would, and restores them afterwards.
 * @param statements each changes one row.
 */
export async function tamperedIndex<Result>(
  databaseUrl: string,
  statements: readonly string[],
  then: () => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query(`SELECT nspname AS schema FROM pg_namespace WHERE nspname LIKE 'runline\\_%'`)
    await client.query(`SET search_path = ${rows[0].schema}`)
    // Without Ponder's triggers, which would record the change as one of a block.
    await client.query(`SET session_replication_role = replica`)
    for (const table of tables) await client.query(`CREATE TEMP TABLE true_${table} AS TABLE ${table}`)
    for (const statement of statements) expect((await client.query(statement)).rowCount, statement).toBe(1)
    const result = await then()
    for (const table of tables) await client.query(`DELETE FROM ${table}; INSERT INTO ${table} TABLE true_${table}`)
    return result
  } finally {
    await client.end()
  }
}
