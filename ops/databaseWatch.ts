import pg from 'pg'
import type { Logger } from 'pino'

/** An administrator ended this connection, or shut the server down in an orderly way: no commit is lost. */
const ADMIN_SHUTDOWN = '57P01'

/** Exit code that asks for a restart. */
export const RESTART = 75

/**
 * Ends this process when PostgreSQL crashes. Ponder turns `synchronous_commit` off, so a crash loses its last commits;
 * but Ponder reconnects and continues from its memory, and the lost rows would stay missing. The database then holds an
 * earlier consistent state, from which a restart resumes. The exit is immediate, because an orderly shutdown could
 * commit one more block on top of the lost ones.
 */
export function endAtDatabaseCrash(url: string, logger: Logger): void {
  const client = new pg.Client({ connectionString: url, application_name: 'runline_watch', keepAlive: true })
  let isReplaced = false
  client.on('error', (err) => {
    if (isReplaced) return
    isReplaced = 'code' in err && err.code === ADMIN_SHUTDOWN
    if (isReplaced) endAtDatabaseCrash(url, logger)
    else end(err)
  })
  client.connect().catch(end)

  function end(err: unknown) {
    logger.fatal(
      { err },
      'PostgreSQL crashed and may have lost its last commits: exiting, so that a restart resumes from what it has',
    )
    process.exit(RESTART)
  }
}

/**
 * Ends this process when a COMMIT fails, because its connection broke. Ponder runs the block's handlers again, on rows
 * that its cache still has from the failed attempt: a counter of a band would count twice. It cannot know either
 * whether PostgreSQL has committed. A restart resumes from what the database has.
 *
 * Call it before Ponder is imported: it wraps the driver, because Ponder gives no access to its transactions.
 */
export function endAtFailedCommit(logger: Logger): void {
  const query: (this: pg.Client, ...args: unknown[]) => unknown = pg.Client.prototype.query
  Object.assign(pg.Client.prototype, {
    query(this: pg.Client, ...args: unknown[]) {
      const result = query.apply(this, args)
      if (textOf(args[0])?.toLowerCase() === 'commit' && result instanceof Promise) {
        result.catch((err) => {
          logger.fatal({ err }, 'A commit failed: exiting, so that a restart resumes from what PostgreSQL has')
          process.exit(RESTART)
        })
      }
      return result
    },
  })
}

function textOf(statement: unknown): string | undefined {
  if (typeof statement === 'string') return statement
  return (statement as { text?: string } | undefined)?.text
}
