import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from 'pino'
import { CONNECT_TIMEOUT_MS } from './connect.ts'

/** From a commit to its flush. Commits in between share the flush, and readers' first reads of the block precede it. */
const FLUSH_DELAY_MS = 5

/** As long as a flush may take. It takes longer where PostgreSQL waits for a standby that does not answer. */
const FLUSH_TIMEOUT_MS = 5_000

/**
 * A commit that waits for the disk writes all earlier ones too. PostgreSQL waits only if the transaction wrote something:
 * here a message in its log, which nothing reads.
 */
const FLUSH = `SET synchronous_commit = on; SELECT pg_logical_emit_message(true, 'runline', 'flush')`

/**
 * Has PostgreSQL write commits to the disk soon after they return. Ponder turns `synchronous_commit` off, so PostgreSQL
 * would write them up to 0.6 seconds later. After a crash that loses a block which readers saw, they get no answer until a
 * restarted indexer has it again. After one that loses nothing, they get answers as soon as PostgreSQL runs.
 *
 * @returns a function to call after a commit. It does not wait. A flush that fails is logged: the next commit flushes again.
 */
export function createFlush(connectionString: string, logger: Logger): () => void {
  const pool = new pg.Pool({
    connectionString,
    application_name: 'runline_flush',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: FLUSH_TIMEOUT_MS,
    max: 1,
  })
  const warn = (err: Error) => logger.warn({ err }, 'Cannot have PostgreSQL write its commits to the disk at once')
  pool.on('error', warn)
  let isDue = false
  let isRunning = false

  async function run() {
    isRunning = true
    while (isDue) {
      await sleep(FLUSH_DELAY_MS)
      isDue = false
      await pool.query(FLUSH).catch(warn)
    }
    isRunning = false
  }

  return function requestFlush() {
    isDue = true
    if (!isRunning) void run()
  }
}
