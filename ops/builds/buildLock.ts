import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from 'pino'
import { connect } from '../database/connect.ts'

/** How often the session of the lock shows PostgreSQL that its process runs, and how long the answer may take. */
const PING_INTERVAL_MS = 5_000
const PING_TIMEOUT_MS = 5_000

/**
 * After this time without a ping PostgreSQL ends the session. So the lock does not outlive a host that is lost, whatever is
 * between it and PostgreSQL. A process whose event loop is blocked for longer ends.
 */
const SESSION_TIMEOUT_MS = 20_000

/** How long to wait for a lock that another session has: longer than that of a lost host exists. */
const WAIT_MS = 25_000

/** PostgreSQL ends the session of a killed process within milliseconds. */
const RETRY_MS = 50

/** How long a session may take to end. */
const END_MS = 10_000

type LockOptions = {
  databaseUrl: string
  build: string
  /** Called if the lock is lost. Another process may then take it. */
  onLost: (err: Error) => void
  logger: Logger
}

/**
 * Takes an advisory lock, which proves that no other process runs the build, and keeps its connection.
 *
 * It needs a session: a pooler in transaction mode would share the lock among processes.
 * @returns false if another session keeps the lock for 25 seconds.
 */
export async function lockBuild(options: LockOptions): Promise<boolean> {
  const { databaseUrl, build, onLost, logger } = options
  const client = await connect(databaseUrl, { application_name: 'runline_build', query_timeout: PING_TIMEOUT_MS })
  await client.query(`SET idle_session_timeout = ${SESSION_TIMEOUT_MS}`)
  if (!(await waitForLock(client, build, logger))) {
    await client.end()
    return false
  }
  setInterval(() => client.query('SELECT').catch(onLost), PING_INTERVAL_MS).unref()
  client.on('error', onLost)
  return true
}

async function waitForLock(client: pg.ClientBase, build: string, logger: Logger): Promise<boolean> {
  const deadline = performance.now() + WAIT_MS
  for (let attempt = 1; ; attempt++) {
    const { rows } = await client.query('SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked', [build])
    if (rows[0].locked) return true
    if (performance.now() >= deadline) return false
    if (attempt === 1) logger.warn({ schema: build }, 'Another session has the lock of this build: waiting for it')
    await sleep(RETRY_MS)
  }
}

/**
 * Whether no process runs the build. Within a transaction, none can start it until the transaction ends. A process that
 * takes the lock at the same moment tries again.
 */
export async function isUnlocked(client: pg.ClientBase, build: string): Promise<boolean> {
  const { rows } = await client.query<{ unlocked: boolean }>(
    'SELECT pg_try_advisory_xact_lock_shared(hashtextextended($1, 0)) AS unlocked',
    [build],
  )
  return rows[0]?.unlocked ?? false
}

/**
 * Ends the sessions that a lost process left, which may hold locks, and clears its lock in Ponder's own table, for whose end
 * Ponder would wait for up to 25 seconds. Only for the process that has the lock of `lockBuild`, before it starts Ponder.
 * @throws if a session does not end.
 */
export async function clearStaleLock(client: pg.ClientBase, build: string, logger: Logger): Promise<void> {
  const pools = [`${build}_user`, `${build}_internal`, `${build}_readonly`]
  const sessions = 'pg_stat_activity WHERE datname = current_database() AND application_name = ANY ($1)'
  // Waits for their end: a commit of theirs would change the rows after this start has looked at them.
  await client.query(`SELECT pg_terminate_backend(pid, ${END_MS}) FROM ${sessions}`, [pools])
  const { rowCount: left } = await client.query(`SELECT FROM ${sessions}`, [pools])
  if (left !== 0) throw new Error(`${left} sessions of the build ${build} do not end`)
  const meta = `${pg.escapeIdentifier(build)}._ponder_meta`
  const { rows } = await client.query('SELECT to_regclass($1) IS NOT NULL AS exists', [meta])
  if (!rows[0].exists) return
  const { rowCount } = await client.query(
    `UPDATE ${meta} SET value = jsonb_set(value, '{is_locked}', '0') WHERE key = 'app' AND value -> 'is_locked' = '1'`,
  )
  if (rowCount) logger.info({ schema: build }, 'Cleared the lock of an indexer that was killed')
}
