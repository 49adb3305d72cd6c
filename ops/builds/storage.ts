import pg from 'pg'
import { inTransaction } from '../../core/database/transaction.ts'

/**
 * Every change of a run or an agent changes an indexed column, so it leaves a dead row and a dead entry in each index.
 * PostgreSQL's default waits until a fifth of the table is dead: two million rows of ten million.
 */
const changing = { autovacuum_vacuum_scale_factor: 0.01, autovacuum_analyze_scale_factor: 0.02 }

/** Rows that are changed again and again, without their index's columns: the new version fits into the same page. */
const counting = { fillfactor: 50, ...changing }

/** Rows that are never changed. Without a vacuum, index-only scans visit the table for each of them. */
const appended = { autovacuum_vacuum_insert_scale_factor: 0.02 }

const settings: Record<string, Record<string, number>> = {
  run: changing,
  agent: changing,
  run_event: appended,
  poster: counting,
  market_day: counting,
  head: counting,
}

/** How long to wait for a table that an operator's VACUUM has locked. */
const LOCK_TIMEOUT_MS = 1_000

/** Statements that set how the tables of a schema are stored and vacuumed. */
export function storageStatements(schema: string): string[] {
  return Object.entries(settings).map(([table, values]) => {
    const list = Object.entries(values).map(([name, value]) => `${name} = ${value}`)
    return `ALTER TABLE ${pg.escapeIdentifier(schema)}.${table} SET (${list.join(', ')})`
  })
}

/** Sets how the tables of a build are stored and vacuumed. It does not block reads or writes. @throws if a table is locked. */
export async function setStorage(client: pg.ClientBase, build: string): Promise<void> {
  const set = async () => {
    for (const statement of storageStatements(build)) await client.query(statement)
  }
  await inTransaction(client, set, `BEGIN; SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`)
}
