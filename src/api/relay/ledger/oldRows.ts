import { type Deletion, isOld } from '../store/retention.ts'

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
