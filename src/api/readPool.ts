import pg from 'pg'
import type { Logger } from 'pino'

type Options = {
  /** Of the primary or of a read replica. */
  url: string
  /** Where the indexer's tables or views are. */
  schema: string
  logger: Logger
}

/** Connections that can only read, and give up soon: a reader must not hold up the indexer, nor wait for it long. */
export function openReadPool({ url, schema, logger }: Options): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'runline_api',
    max: 10,
    connectionTimeoutMillis: 2_000,
    statement_timeout: 2_000,
    lock_timeout: 250,
    // Where PostgreSQL cannot be heard any more, its own time limit does not help.
    query_timeout: 3_000,
    keepAlive: true,
    options: `-c search_path=${schema} -c default_transaction_read_only=on`,
  })
  // An idle connection that breaks; without a listener it would end the process. The next read opens another.
  pool.on('error', (err) => logger.warn({ err }, 'A connection of the read pool broke'))
  return pool
}
