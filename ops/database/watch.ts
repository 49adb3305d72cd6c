import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from 'pino'
import { withConnection } from '../../core/database/withConnection.ts'
import { type Identity, readIdentity } from './identity.ts'
import type { OwnSessions } from './ownSessions.ts'
import { exitForRestart } from './restart.ts'

/** Milliseconds between two beats. */
const BEAT_INTERVAL_MS = 1_000

/** How long a beat may take to connect, and each of its queries to return. */
const BEAT_TIMEOUT_MS = 3_000

/**
 * How long the indexer continues without an answer. Shorter than the time after which Ponder counts a block as finalized,
 * and does not index it again.
 */
const UNPROVEN_LIMIT_MS = 20_000

/**
 * PostgreSQL's class of errors for a server that has no connection, memory or disk for a new session. It answers, and open
 * sessions work: a restart would only lose them to the clients that take all connections.
 */
const INSUFFICIENT_RESOURCES = '53'

const isAlive = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.code?.startsWith(INSUFFICIENT_RESOURCES) === true

/**
 * Asks once a second, on a new connection, whether PostgreSQL is the one that this process started with. A new
 * connection follows the address to another server, while old ones stay with a primary that was replaced or hangs. While
 * PostgreSQL takes no new session, the question waits: a session that breaks is proved when it is replaced.
 *
 * It also looks for connections that are frozen, and ends the process if one is: Ponder would wait for its answer.
 *
 * Call it after `proveConnections`, which looks for lost commits on this connection as on any other.
 */
export async function watchDatabase(databaseUrl: string, sessions: OwnSessions, logger: Logger): Promise<never> {
  const config = { connectionString: databaseUrl, application_name: 'runline_watch' }
  let first: Identity | undefined
  let last: Identity | undefined
  let provenAt = performance.now()
  for (;;) {
    try {
      const now = await withConnection(config, BEAT_TIMEOUT_MS, async (client) => {
        const identity = await readIdentity(client)
        const frozen = await sessions.findFrozen(client)
        if (frozen.length > 0) await endFrozen(client, frozen)
        return identity
      })
      provenAt = performance.now()
      first ??= now
      if (now.system !== first.system)
        exitForRestart(logger, 'DATABASE_URL leads to another database', { before: first, now })
      if (last === undefined) logger.info(now, 'Watches PostgreSQL')
      else if (now.startedAt !== last.startedAt || now.timeline !== last.timeline)
        logger.warn({ before: last, now }, 'PostgreSQL was restarted, and lost no commit')
      last = now
    } catch (err) {
      if (isAlive(err)) provenAt = performance.now()
      const seconds = Math.round((performance.now() - provenAt) / 1_000)
      logger.warn({ err, seconds }, isAlive(err) ? 'PostgreSQL takes no new session' : 'PostgreSQL does not answer')
      if (1_000 * seconds >= UNPROVEN_LIMIT_MS) exitForRestart(logger, 'PostgreSQL has not answered', { err, seconds })
    }
    await sleep(BEAT_INTERVAL_MS, undefined, { ref: false })
  }

  async function endFrozen(client: pg.Client, sessionPids: number[]): Promise<never> {
    await sessions.endAll(client).catch((err) => logger.warn({ err }, 'Cannot end the sessions of this process'))
    exitForRestart(logger, 'Connections to PostgreSQL are frozen: what either end sends is lost', { sessionPids })
  }
}
