import type pg from 'pg'
import type { Logger } from 'pino'
import { repeat } from '../../../../core/repeat.ts'
import { GAP } from '../sender/store/transactions.ts'
import { transaction } from '../store/database.ts'
import { isOfKinds } from './storedActions.ts'

/** The interval between deletions, in milliseconds. */
const INTERVAL_MS = 3_600_000

/** The advisory lock of the replica that deletes. Any number that no other user of the database uses. */
const LOCK = 7_286_543_022n

/** The most transactions, with up to 50 actions each, of one deletion. */
const MAX_TRANSACTIONS = 200

/** An SQL condition: whether a time is more than `$1` days ago. */
const isOld = (time: string) => `${time} < now() - make_interval(days => $1)`

/**
 * Deletes settled transactions of these kinds that are older than `$1` days, with their attempts, and their actions, if all are
 * decided and old. Idempotency keys go with their claims. A transaction that was mined so long ago is final, even if the node
 * has no finalized block. It also deletes what was spent before the last day.
 */
const deletion = (kinds: readonly string[]) => `
  WITH old AS MATERIALIZED (
      SELECT id FROM relay.tx
      WHERE ${isOfKinds('tx', kinds)} AND state NOT IN ('signed', 'accepted') AND ${isOld('greatest(send_at, mined_at)')}
        AND NOT EXISTS (
          SELECT FROM relay.action WHERE action.tx = tx.id AND (action.state = 'open' OR NOT ${isOld('created_at')}))
      ORDER BY greatest(send_at, mined_at) LIMIT ${MAX_TRANSACTIONS} FOR UPDATE),
    spent AS (DELETE FROM relay.spending WHERE hour < now() - interval '2 days'),
    actions AS (DELETE FROM relay.action USING old WHERE action.tx = old.id),
    attempts AS (DELETE FROM relay.attempt USING old WHERE attempt.tx = old.id)
  DELETE FROM relay.tx WHERE id IN (SELECT id FROM old)`

/**
 * Deletes what is too old for limits, budgets and requests periodically, in small transactions, one replica at a time.
 * @param kinds of actions that this process knows.
 * @returns a function that stops this.
 */
export function startRetention(
  pool: pg.Pool,
  days: number,
  kinds: readonly string[],
  logger: Logger,
): () => Promise<void> {
  const text = deletion([...kinds, GAP])

  /** @returns the number of deleted transactions; 0 while another replica deletes. */
  const deleteSome = () =>
    transaction(pool, async (db) => {
      const { rows } = await db.query('SELECT pg_try_advisory_xact_lock($1) AS "isFirst"', [LOCK])
      return rows[0].isFirst ? (await db.query(text, [days])).rowCount : 0
    })

  async function deleteAll(stopping: AbortSignal) {
    while (!stopping.aborted && (await deleteSome()) === MAX_TRANSACTIONS);
  }

  return repeat(INTERVAL_MS, (stopping) =>
    deleteAll(stopping).catch((err) => logger.warn({ err }, 'cannot delete old rows')),
  )
}
