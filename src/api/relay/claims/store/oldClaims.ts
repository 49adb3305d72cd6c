import { deleteOldTransactions } from '../../sender/store/oldTransactions.ts'
import { type Deletion, isOld } from '../../store/retention.ts'
import { CLAIM } from './claims.ts'

/** The most rows of one deletion that has no transactions. */
const MAX_ROWS = 5_000

/** Deletes old transactions with their claims, reverts and idempotency keys. Open claims stay. */
const transactions = deleteOldTransactions([CLAIM], {
  isKept: `EXISTS (SELECT FROM relay.claim WHERE claim.tx = tx.id
    AND (claim.state = 'open' OR NOT ${isOld('claim.created_at')}))`,
  actions: `
    claims AS MATERIALIZED (SELECT claim.id FROM relay.claim JOIN old ON claim.tx = old.id),
    keys AS (DELETE FROM relay.idempotency_key WHERE claim IN (SELECT id FROM claims)),
    reverts AS (DELETE FROM relay.revert
      WHERE claim IN (SELECT id FROM claims) OR tx_hash IN (SELECT hash FROM attempts)),
    deleted_claims AS (DELETE FROM relay.claim WHERE id IN (SELECT id FROM claims))`,
})

/** Deletes the counts of wallets after a day, the longest window. */
const counts = `
  DELETE FROM relay.sent_claim WHERE ctid IN (
    SELECT ctid FROM relay.sent_claim WHERE sent_at < now() - interval '2 days' AND $1::int > 0 LIMIT ${MAX_ROWS})`

/** Deletes what was spent before the last day. */
const spending = `
  DELETE FROM relay.spending WHERE ctid IN (
    SELECT ctid FROM relay.spending WHERE hour < now() - interval '2 days' AND $1::int > 0 LIMIT ${MAX_ROWS})`

export const oldClaims: readonly Deletion[] = [
  transactions,
  { text: counts, limit: MAX_ROWS },
  { text: spending, limit: MAX_ROWS },
]
