import { Socket } from 'node:net'
import pg from 'pg'
import type { Logger } from 'pino'
import { followFailover } from '../../../core/database/followFailover.ts'
import { shareConnections } from './sharedConnections.ts'

export type ReadPoolOptions = {
  /** Of the primary or of a read replica. */
  url: string
  /** The schema of the indexer's tables or views. */
  schema: string
  /**
   * The most connections. All but two are shared. Each plans and caches more than a hundred statements of its own, so
   * more shared connections than the database's cores make each read slower.
   */
  connections?: number | undefined
  logger: Logger
}

/**
 * Planner settings for these reads, which statistics cannot supply. Each statement reads one page along an index that
 * has its order, whatever the size of the tables, so any plan that scans, sorts or hashes a table is wrong. The index
 * that passes the fewest rows is right: where pages of the table have a cost, PostgreSQL prefers an index in the order of
 * the table, even if its filter then drops most rows. One plan is right for all values, so each connection plans a
 * statement once.
 */
const planner = [
  ...['seqscan', 'bitmapscan', 'sort', 'hashjoin', 'mergejoin'].map((method) => `enable_${method}=off`),
  'random_page_cost=0.01',
  'seq_page_cost=0.01',
  'plan_cache_mode=force_generic_plan',
  'max_parallel_workers_per_gather=0',
  'jit=off',
]

/** How long a connection may take, and how long a query waits for one. */
const CONNECTION_TIMEOUT_MS = 2_000

/** How many connections are left for queries that run alone: expensive pages, and what resuming streams lack. */
const CONNECTIONS_ALONE = 2

/** Longer than `statement_timeout`, at which PostgreSQL itself cancels the statement. */
const SILENCE_TIMEOUT_MS = 3_000

/** Read-only connections with short timeouts: a read must neither block the indexer nor wait for it long. */
export function openReadPool({ url, schema, connections = 4, logger }: ReadPoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'runline_api',
    max: connections,
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
    pipeline: true,
    statement_timeout: 2_000,
    lock_timeout: 250,
    keepAlive: true,
    // A new connection plans its statements again, so idle ones remain.
    idleTimeoutMillis: 0,
    options: [`search_path=${schema}`, 'default_transaction_read_only=on', ...planner]
      .map((setting) => `-c ${setting}`)
      .join(' '),
  })
  closeSilentConnections(pool, SILENCE_TIMEOUT_MS)
  shareConnections(pool, {
    connections: Math.max(1, connections - CONNECTIONS_ALONE),
    timeoutMs: CONNECTION_TIMEOUT_MS,
  })
  followFailover(pool, { url, logger })
  // An idle connection that breaks would end the process if there were no listener. The next read opens another.
  pool.on('error', (err) => logger.warn({ err }, 'A connection of the read pool broke'))
  return pool
}

/**
 * Closes a connection on which a query gets no answer within the timeout: PostgreSQL's own timeouts do not help once
 * its host is unreachable. Its queries fail with ETIMEDOUT. For pools whose connections run a query whenever they are
 * in use, because a connection that is checked out without one counts as silent too.
 *
 * node-postgres has `query_timeout`, which is a timer per query. The rows of a query stay in memory as long as its
 * timer, which made the garbage collector's pauses four times as long. This is one timer per connection, which any
 * sent or received data resets: queries join a shared connection for a second at most.
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
