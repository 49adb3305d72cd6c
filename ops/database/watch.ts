import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import pg from 'pg'
import type { Logger } from 'pino'
import { withConnection } from '../../core/database/withConnection.ts'
import { type Identity, readIdentity } from './identity.ts'
import { exitForRestart } from './restart.ts'

/** Milliseconds between two beats. */
const BEAT_INTERVAL_MS = 1_000

/** How long a beat may take to connect, and each of its queries to return. */
const BEAT_TIMEOUT_MS = 3_000

/** How long the indexer continues without an answer. */
const SILENCE_LIMIT_MS = 20_000

/**
 * PostgreSQL's class of errors for a server that has no connection, memory or disk for a new session. It answers, and open
 * sessions work: a restart would only lose them to the clients that take all connections.
 */
const INSUFFICIENT_RESOURCES = '53'

const isAlive = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.code?.startsWith(INSUFFICIENT_RESOURCES) === true

/**
 * Asks once a second, on a new connection, whether PostgreSQL is the one that this process started with, and ends the process
 * if it is not. A new connection follows the address to another server, while Ponder's stay with a primary that was replaced.
 */
export async function watchDatabase(databaseUrl: string, logger: Logger): Promise<never> {
  const config = { connectionString: databaseUrl, application_name: 'runline_watch' }
  let first: Identity | undefined
  let answeredAt = performance.now()
  for (;;) {
    try {
      const now = await withConnection(config, BEAT_TIMEOUT_MS, readIdentity)
      answeredAt = performance.now()
      first ??= now
      if (!isDeepStrictEqual(now, first))
        exitForRestart(logger, 'DATABASE_URL leads to another PostgreSQL, or it was restarted', { before: first, now })
    } catch (err) {
      if (isAlive(err)) answeredAt = performance.now()
      const seconds = Math.round((performance.now() - answeredAt) / 1_000)
      logger.warn({ err, seconds }, isAlive(err) ? 'PostgreSQL takes no new session' : 'PostgreSQL does not answer')
      if (1_000 * seconds >= SILENCE_LIMIT_MS) exitForRestart(logger, 'PostgreSQL has not answered', { err, seconds })
    }
    await sleep(BEAT_INTERVAL_MS, undefined, { ref: false })
  }
}
