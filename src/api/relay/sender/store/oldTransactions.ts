import { type Deletion, isOld } from '../../store/retention.ts'

/** The most transactions, with up to 50 actions each, of one deletion. */
const MAX_TRANSACTIONS = 200

/**
 * What a kind of action keeps of settled transactions that are old, and what it deletes with them.
 * - `isKept`: an SQL condition on `tx`: whether the transaction stays, because its actions are open or young.
 * - `actions`: SQL, a list of `name AS (DELETE …)`, that deletes what refers to the transactions `old` (`id`) and to their
 *   `attempts` (`hash`).
 */
type Owned = { isKept: string; actions: string }

/**
 * Deletes settled transactions of these kinds that are older than `$1` days, with their attempts. Unmined transactions stay.
 * Limits and budgets count one day only. A transaction that was mined so long ago is final, even if the node has no
 * finalized block.
 */
export const deleteOldTransactions = (kinds: readonly string[], owned?: Owned): Deletion => ({
  limit: MAX_TRANSACTIONS,
  text: `
    WITH old AS MATERIALIZED (
        SELECT id FROM relay.tx
        WHERE kind IN (${kinds.map((kind) => `'${kind}'`).join()}) AND state NOT IN ('signed', 'accepted') AND ${isOld('greatest(send_at, mined_at)')}
          ${owned ? `AND NOT (${owned.isKept})` : ''}
        ORDER BY greatest(send_at, mined_at) LIMIT ${MAX_TRANSACTIONS} FOR UPDATE),
      attempts AS MATERIALIZED (SELECT hash FROM relay.attempt JOIN old ON attempt.tx = old.id),
      ${owned ? `${owned.actions},` : ''}
      deleted_attempts AS (DELETE FROM relay.attempt WHERE hash IN (SELECT hash FROM attempts))
    DELETE FROM relay.tx WHERE id IN (SELECT id FROM old)`,
})
