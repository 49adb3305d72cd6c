import pg from 'pg'
import type { Logger } from 'pino'
import { followFailover } from '../../../core/database/followFailover.ts'
import { migrateContent } from './migrations.ts'

/** Enough for requests, because a statement of theirs takes about a millisecond. */
const REQUEST_CONNECTIONS = 3

/** How long a connection may take to open, and an answer to a request's statement. */
const CONNECTION_TIMEOUT_MS = 2_000
export const REQUEST_TIMEOUT_MS = 6_000

/** Longer than the `statement_timeout` of any migration. */
const BACKGROUND_TIMEOUT_MS = 31 * 60_000

/** Connections to the primary, for schema `content`. */
export function openContentPools(url: string, chainId: number, logger: Logger) {
  function open(options: pg.PoolConfig) {
    const pool = new pg.Pool({
      connectionString: url,
      application_name: 'runline_content',
      connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
      statement_timeout: 5_000,
      idle_in_transaction_session_timeout: 10_000,
      keepAlive: true,
      ...options,
    })
    // Without a listener, a broken idle connection would end the process. The next statement opens a new one.
    pool.on('error', (err) => logger.warn({ err }, 'A connection of the content’s pool broke'))
    return pool
  }
  // PostgreSQL's own timeout does not help if the connection is dead.
  const requests = open({ max: REQUEST_CONNECTIONS, query_timeout: REQUEST_TIMEOUT_MS })
  // For migrations and retention, which set a `statement_timeout` of their own. Each use connects anew, so none is of a former
  // primary.
  const background = open({ max: 1, maxUses: 1, query_timeout: BACKGROUND_TIMEOUT_MS })
  // What a former primary stores is lost, and lists of runs fail where the schema is missing.
  followFailover(requests, { url, logger, prepare: () => migrateContent(background, chainId) })
  return { requests, background }
}
