import type pg from 'pg'
import type { Logger } from 'pino'
import { repeat } from '../../../../core/repeat.ts'
import { transaction } from './database.ts'

/** The interval between deletions, in milliseconds. */
const INTERVAL_MS = 3_600_000

/** The advisory lock of the replica that deletes. Any number that no other user of the database uses. */
const LOCK = 7_286_543_022n

/**
 * A statement that deletes rows, at most `limit` at a time. `$1` is the number of days for which settled transactions and
 * what they were for are kept.
 */
export type Deletion = { text: string; limit: number }

/** An SQL condition: whether a time is more than `$1` days ago. */
export const isOld = (time: string) => `${time} < now() - make_interval(days => $1)`

/**
 * Deletes old rows periodically, in small transactions, one replica at a time.
 * @returns a function that stops this.
 */
export function startRetention(
  pool: pg.Pool,
  days: number,
  deletions: readonly Deletion[],
  logger: Logger,
): () => Promise<void> {
  /** @returns the number of deleted rows; 0 while another replica deletes. */
  const deleteBatch = (text: string) =>
    transaction(pool, async (db) => {
      const { rows } = await db.query('SELECT pg_try_advisory_xact_lock($1) AS "isFirst"', [LOCK])
      return rows[0].isFirst ? ((await db.query(text, [days])).rowCount ?? 0) : 0
    })

  async function deleteAll(stopping: AbortSignal) {
    for (const { text, limit } of deletions) {
      for (let deleted = limit; deleted === limit && !stopping.aborted; ) deleted = await deleteBatch(text)
    }
  }

  return repeat(INTERVAL_MS, (stopping) =>
    deleteAll(stopping).catch((err) => logger.warn({ err }, 'cannot delete old rows')),
  )
}
