import { EventEmitter } from 'node:events'
import pg from 'pg'
import type { Logger } from 'pino'
import { exitForRestart } from './restart.ts'

/** PostgreSQL cancels a statement at `statement_timeout`. If no answer comes so much later, the connection is frozen. */
const ANSWER_MS = 2_000

/**
 * `local` waits for the disk, and for no standby: a crash of PostgreSQL loses no block that readers saw. The others end the
 * session of a host that is lost, with its locks, after 30 seconds. Ponder's pool for its HTTP server reads tables without
 * the name of their schema, with which the pool's name begins.
 */
const PREPARE = `
  SET synchronous_commit = local;
  SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 4;
  SET tcp_user_timeout = 30000;
  SET idle_in_transaction_session_timeout = 3600000;
  SELECT set_config('search_path', quote_ident(regexp_replace(name, '_readonly$', '')), false)
    FROM current_setting('application_name') AS name WHERE name ~ '_readonly$';
  SELECT pg_postmaster_start_time()::text AS started`

type Callback = (error: Error | undefined, result: unknown) => void

/**
 * Options of Ponder's pools: connections in place of its own, which turn `synchronous_commit` off.
 *
 * Only the database knows what it has stored after a connection ended, or a statement got no answer. Ponder would go on from
 * its memory, and count rows twice or miss them. So the process ends, and the next start continues from the database's checkpoint.
 */
export function ponderPool(logger: Logger): Pick<pg.PoolConfig, 'Client' | 'onConnect'> {
  let startOfServer: string | undefined

  class Client extends pg.Client {
    constructor(config: pg.ClientConfig = {}) {
      super({ ...config, query_timeout: Number(config.statement_timeout) + ANSWER_MS })
      this.on('error', (err) => exitForRestart(logger, 'A connection to PostgreSQL ended', { err }))
    }

    /** Ponder would send a rollback after a timeout, and wait for as long again. */
    override query(...args: unknown[]): never {
      const callback = args.at(-1)
      if (typeof callback === 'function') args.splice(-1, 1, withCheck(callback as Callback))
      const query: unknown = Reflect.apply(super.query, this, args)
      if (query instanceof Promise) query.catch(endIfUnanswered)
      if (query instanceof EventEmitter) query.on('error', endIfUnanswered)
      return query as never
    }
  }

  const withCheck = (callback: Callback) => (error: Error | undefined, result: unknown) => {
    endIfUnanswered(error)
    callback(error, result)
  }

  function endIfUnanswered(err: unknown) {
    if (err instanceof Error && err.message === 'Query read timeout')
      exitForRestart(logger, 'PostgreSQL has not answered a statement', { err })
  }

  return {
    Client,
    async onConnect(client) {
      // node-postgres returns a result for each statement, unlike its types.
      const results: unknown = await client.query(PREPARE)
      const started = (results as pg.QueryResult<{ started: string }>[]).at(-1)?.rows[0]?.started
      startOfServer ??= started
      // After a failover, and the other server may lack blocks.
      if (started !== startOfServer)
        exitForRestart(logger, 'A connection leads to another PostgreSQL', { startOfServer, started })
    },
  }
}
