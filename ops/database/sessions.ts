import type pg from 'pg'
import { connect } from './connect.ts'

/**
 * Whether two connections that are open at once share a session of PostgreSQL, as behind a pooler in transaction or
 * statement mode. A lock of a session then belongs to any process, and settings of a session reach any transaction.
 * Under load such a pooler may give each its own session; then this is false.
 */
export async function sharesSessions(databaseUrl: string): Promise<boolean> {
  await using one = await connect(databaseUrl)
  await using other = await connect(databaseUrl)
  return (await sessionOf(one)) === (await sessionOf(other))
}

async function sessionOf(client: pg.Client): Promise<number | undefined> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  return rows[0]?.pid
}
