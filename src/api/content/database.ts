import pg from 'pg'
import type { Logger } from 'pino'
import { followFailover } from '../../../core/database/followFailover.ts'
import { migrateContent } from './migrations.ts'

/** Enough, because a statement takes about a millisecond. */
const MAX_CONNECTIONS = 4

/** How long a request waits for a connection. */
const CONNECTION_TIMEOUT_MS = 2_000

/** Connections to the primary, for schema `content`. */
export function openContentPool(url: string, logger: Logger): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'runline_content',
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
    statement_timeout: 5_000,
    // PostgreSQL's own timeout does not help if the connection is dead.
    query_timeout: 6_000,
    idle_in_transaction_session_timeout: 10_000,
    keepAlive: true,
  })
  // What a former primary stores is lost, and lists of runs fail where the schema is missing.
  followFailover(pool, { url, logger, prepare: () => migrateContent(pool) })
  // Without a listener, a broken idle connection would end the process. The next statement opens a new one.
  pool.on('error', (err) => logger.warn({ err }, 'A connection of the content’s pool broke'))
  return pool
}
