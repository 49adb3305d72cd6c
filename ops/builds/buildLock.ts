import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from 'pino'
import { connect } from '../database/connect.ts'

/** PostgreSQL ends the session of a killed process within milliseconds. */
const TRIES = 20
const RETRY_MS = 50

/**
 * Takes an advisory lock, which proves that no other process runs the build. It keeps a connection, and takes the lock
 * again if that breaks.
 *
 * It needs a session: a pooler in transaction mode would share the lock among processes.
 * @param onLost is called if the lock is lost. Another process may then take it.
 * @returns false if another session has the lock.
 */
export async function lockBuild(databaseUrl: string, build: string, onLost: (err?: Error) => void): Promise<boolean> {
  const client = await connect(databaseUrl, { application_name: 'runline_build', keepAlive: true })
  let isLocked = false
  client.on('error', async (err) => {
    if (!isLocked) return
    isLocked = false
    if (!(await lockAgain())) onLost(err)
  })

  /** Waits for the database, as in its restart. `watchDatabase` ends the process if it takes too long. */
  async function lockAgain(): Promise<boolean> {
    for (;;) {
      try {
        return await lockBuild(databaseUrl, build, onLost)
      } catch {
        await sleep(RETRY_MS)
      }
    }
  }

  for (let tries = 0; tries < TRIES; tries++) {
    const { rows } = await client.query('SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked', [build])
    isLocked = rows[0].locked
    if (isLocked) return true
    await sleep(RETRY_MS)
  }
  await client.end()
  return false
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
 * Clears the lock that a killed process left in Ponder's own table. Otherwise Ponder waits for up to 25 seconds until
 * that lock expires. Only for the process that has the lock of `lockBuild`, before it starts Ponder.
 */
export async function clearStaleLock(client: pg.ClientBase, build: string, logger: Logger): Promise<void> {
  const meta = `${pg.escapeIdentifier(build)}._ponder_meta`
  const { rows } = await client.query('SELECT to_regclass($1) IS NOT NULL AS exists', [meta])
  if (!rows[0].exists) return
  const { rowCount } = await client.query(
    `UPDATE ${meta} SET value = jsonb_set(value, '{is_locked}', '0') WHERE key = 'app' AND value -> 'is_locked' = '1'`,
  )
  if (rowCount) logger.info({ schema: build }, 'Cleared the lock of an indexer that was killed')
}
