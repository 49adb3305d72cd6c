import { Socket } from 'node:net'
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

/** Longer than `statement_timeout`, at which PostgreSQL itself cancels the statement. */
const SILENCE_TIMEOUT_MS = 3_000

/**
 * What the connections set. Without parallel workers one request does not take all cores. `jit` compiles for longer than
 * a page takes.
 */
const settingsOf = (schema: string) => [
  `search_path=${schema}`,
  'default_transaction_read_only=on',
  'idle_in_transaction_session_timeout=5s',
  'max_parallel_workers_per_gather=0',
  'jit=off',
]

/** Read-only connections with short timeouts: a read must neither block the indexer nor wait for it long. */
export function openReadPool({ url, schema, connections = 4, logger }: ReadPoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'runline_api',
    max: connections,
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
    statement_timeout: 2_000,
    lock_timeout: 250,
    keepAlive: true,
    options: settingsOf(schema)
      .map((setting) => `-c ${setting}`)
      .join(' '),
  })
  closeSilentConnections(pool, SILENCE_TIMEOUT_MS)
  followFailover(pool, { url, logger })
  // An idle connection that breaks would end the process if there were no listener. The next read opens another.
  pool.on('error', (err) => logger.warn({ err }, 'A connection of the read pool broke'))
  // The pool removes its own listener while a connection is in use. Its queries fail with the same error.
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}

/**
 * Closes a connection on which a query gets no answer within the timeout: PostgreSQL's own timeouts do not help once
 * its host is unreachable. Its queries fail with ETIMEDOUT. For pools whose connections run a query whenever they are
 * in use, because a connection that is checked out without one counts as silent too.
 *
 * node-postgres has `query_timeout`, which is a timer per query. The rows of a query stay in memory as long as its
 * timer, which made the garbage collector's pauses four times as long. This is one timer per connection, which any
 * sent or received data resets.
 */
export function closeSilentConnections(pool: pg.Pool, timeoutMs: number) {
  const querying = new Set<pg.PoolClient>()
  pool.on('acquire', (client) => querying.add(client))
  pool.on('release', (_, client) => querying.delete(client))
  pool.on('connect', (client) => {
    const { stream } = (client as pg.PoolClient & { connection: pg.Connection }).connection
    if (!(stream instanceof Socket)) throw new Error('The connection to PostgreSQL is not a net.Socket')
    stream.setTimeout(timeoutMs)
    stream.on('timeout', () => {
      if (querying.has(client)) stream.destroy(timeoutError(timeoutMs))
    })
  })
}

const timeoutError = (timeoutMs: number) =>
  Object.assign(new Error(`PostgreSQL sent nothing for ${timeoutMs} ms`), { code: 'ETIMEDOUT' })
