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
