import pg from 'pg'
import type { Logger } from 'pino'

/** An administrator ended the connection: it alone, or with a shutdown in order, which loses nothing. */
const ADMIN_SHUTDOWN = '57P01'

/** Exit code that asks for a restart. */
export const RESTART = 75

/**
 * Ends this process when PostgreSQL crashes. Ponder turns `synchronous_commit` off, so that a crash takes its last
 * commits back; but it reconnects and goes on from its memory, and what was lost would be missing from the tables for
 * ever. What the database holds then is a state that it once had, so that a restart resumes from it. The exit is at
 * once, because an orderly shutdown could commit one more block on top of those that were lost.
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
    logger.fatal({ err }, 'The database is gone and may have lost its last commits: exiting to resume from what it has')
    process.exit(RESTART)
  }
}
