import pg from 'pg'

/** PostgreSQL's codes where a role may not call a function, or a managed database lacks it. */
const NOT_AVAILABLE = ['42501', '42883', '0A000']

/** What tells one PostgreSQL from another; null where the role or the managed database does not allow to read it. */
export type Identity = {
  /** Equal for a primary and its standbys. */
  system: string | null
  /** Eight hexadecimal digits, which a promotion raises. */
  timeline: string | null
  /** The start of the server process. A crash of one of its children does not change it. */
  startedAt: string | null
}

/**
 * Reads which PostgreSQL the client is connected to. By default any role may call these functions.
 * @throws if it is a standby, which takes no writes.
 */
export async function readIdentity(client: pg.ClientBase): Promise<Identity> {
  const { rows } = await client.query<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby')
  if (rows[0]?.standby)
    throw new Error('DATABASE_URL leads to a standby, which takes no writes: point it to the primary')
  return {
    system: await readValue(client, 'SELECT system_identifier::text AS value FROM pg_control_system()'),
    timeline: await readValue(client, 'SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8) AS value'),
    startedAt: await readValue(client, 'SELECT pg_postmaster_start_time()::text AS value'),
  }
}

async function readValue(client: pg.ClientBase, query: string): Promise<string | null> {
  try {
    const { rows } = await client.query<{ value: string }>(query)
    return rows[0]?.value ?? null
  } catch (error) {
    if (error instanceof pg.DatabaseError && NOT_AVAILABLE.includes(error.code ?? '')) return null
    throw error
  }
}
