import pg from 'pg'
import type { Logger } from 'pino'
import { endSilent } from './endSilent.ts'

type Options = {
  /** Of the primary or of a read replica. */
  url: string
  /** Where the indexer's tables or views are. */
  schema: string
  logger: Logger
}

/**
 * What PostgreSQL must know of these reads, and no statistics tell it. Each reads a page, whatever the size of the
 * tables, along an index that has its order, so that any plan that reads a table through, sorts or hashes it is wrong.
 * And one plan is right for all values, so that each connection plans a statement once.
 */
const planner = [
  ...['seqscan', 'bitmapscan', 'sort', 'hashjoin', 'mergejoin'].map((method) => `enable_${method}=off`),
  'plan_cache_mode=force_generic_plan',
  'max_parallel_workers_per_gather=0',
  'jit=off',
]

/** More than `statement_timeout`, after which PostgreSQL itself gives up. Milliseconds. */
const SILENCE = 3_000

/** Connections that can only read, and give up soon: a reader must not hold up the indexer, nor wait for it long. */
export function openReadPool({ url, schema, logger }: Options): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'runline_api',
    max: 10,
    connectionTimeoutMillis: 2_000,
    statement_timeout: 2_000,
    lock_timeout: 250,
    keepAlive: true,
    options: [`search_path=${schema}`, 'default_transaction_read_only=on', ...planner]
      .map((setting) => `-c ${setting}`)
      .join(' '),
  })
  endSilent(pool, SILENCE)
  // An idle connection that breaks; without a listener it would end the process. The next read opens another.
  pool.on('error', (err) => logger.warn({ err }, 'A connection of the read pool broke'))
  return pool
}
