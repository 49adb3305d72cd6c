import type pg from 'pg'
import type { Logger } from 'pino'
import { repeat } from '../../../../core/repeat.ts'
import { transaction } from '../store/database.ts'

/** The interval between deletions, in milliseconds. */
const INTERVAL_MS = 3_600_000

/** The advisory lock of the replica that deletes. Any number that no other user of the database uses. */
const LOCK = 7_286_543_022n

/**
 * A statement that deletes rows, at most `limit` at a time. `$1` is the number of days for which settled transactions and
 * what they were for are kept.
 */
type Deletion = { text: string; limit: number }

/** An SQL condition: whether a time is more than `$1` days ago. */
const isOld = (time: string) => `${time} < now() - make_interval(days => $1)`

/** The most transactions, with up to 50 actions each, of one deletion. */
const MAX_TRANSACTIONS = 200

/** The most rows of one deletion that has no transactions. */
const MAX_ROWS = 5_000

/**
 * Deletes settled transactions of these kinds that are older than `$1` days, with their attempts, and their actions, if all are
 * decided and old. Idempotency keys go with their claims. A transaction that was mined so long ago is final, even if
 * the node has no finalized block.
 */
const oldTransactions = (kinds: readonly string[]): Deletion => ({
  limit: MAX_TRANSACTIONS,
  text: `
    WITH old AS MATERIALIZED (
        SELECT id FROM relay.tx
        WHERE kind IN (${kinds.map((kind) => `'${kind}'`).join()}) AND state NOT IN ('signed', 'accepted')
          AND ${isOld('greatest(send_at, mined_at)')} AND NOT EXISTS (
            SELECT FROM relay.action WHERE action.tx = tx.id AND (action.state = 'open' OR NOT ${isOld('created_at')}))
        ORDER BY greatest(send_at, mined_at) LIMIT ${MAX_TRANSACTIONS} FOR UPDATE),
      deleted_actions AS (DELETE FROM relay.action USING old WHERE action.tx = old.id),
      deleted_attempts AS (DELETE FROM relay.attempt USING old WHERE attempt.tx = old.id)
    DELETE FROM relay.tx WHERE id IN (SELECT id FROM old)`,
})

/** Deletes what was spent before the last day. */
const spending = `
  DELETE FROM relay.spending WHERE ctid IN (
    SELECT ctid FROM relay.spending WHERE hour < now() - interval '2 days' AND $1::int > 0 LIMIT ${MAX_ROWS})`

/** Deletes what is too old for limits, budgets and requests. @param kinds those that this process knows. */
export const deleteOldRows = (kinds: readonly string[]): readonly Deletion[] => [
  oldTransactions(kinds),
  { text: spending, limit: MAX_ROWS },
]

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
