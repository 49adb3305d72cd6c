import pg from 'pg'
import type { Logger } from 'pino'
import { followFailover } from '../../../core/database/followFailover.ts'

export type ReadPoolOptions = {
  /** Of the primary or of a read replica. */
  url: string
  /** The schema of the indexer's tables or views. */
  schema: string
  /** The most connections. More than a few per core of the database make each read slower. */
  connections?: number | undefined
  logger: Logger
}

/** How long a connection may take, and how long a read waits for one. */
const CONNECTION_TIMEOUT_MS = 2_000

/** How long a statement may take, and how long its answer where the host of PostgreSQL is unreachable. */
const STATEMENT_TIMEOUT_MS = 2_000
const QUERY_TIMEOUT_MS = 3_000

/** How long an idle connection is silent. Routers forget one after minutes. */
const KEEP_ALIVE_DELAY_MS = 30_000

/** Without parallel workers one request does not take all cores. `jit` compiles for longer than a page takes. */
const SETTINGS = '-c default_transaction_read_only=on -c max_parallel_workers_per_gather=0 -c jit=off'

/** Read-only connections with short timeouts: a read must neither block the indexer nor wait for it long. */
export function openReadPool({ url, schema, connections = 4, logger }: ReadPoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'runline_api',
    max: connections,
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    lock_timeout: 250,
    idle_in_transaction_session_timeout: 5_000,
    // A new connection plans its first statements longer than they run. Probes keep an idle one known to each router between.
    idleTimeoutMillis: 0,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
    options: `-c search_path=${schema} ${SETTINGS}`,
  })
  followFailover(pool, { url, logger })
  // An idle connection that breaks would end the process if there were no listener. The next read opens another.
  pool.on('error', (err) => logger.warn({ err }, 'A connection of the read pool broke'))
  // The pool removes its own listener while a connection is in use. Its queries fail with the same error.
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}
