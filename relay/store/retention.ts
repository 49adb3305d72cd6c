import type pg from 'pg'
import type { Logger } from 'pino'
import { repeat } from '../../core/repeat.ts'
import { transaction } from './database.ts'

/** The interval between deletions, in milliseconds. */
const INTERVAL_MS = 3_600_000

/** The advisory lock of the replica that deletes. Any number that no other user of the database uses. */
const LOCK = 7_286_543_022n

/** The most transactions, with up to 50 claims each, and the most other rows of one deletion. */
const MAX_TRANSACTIONS = 200
const MAX_ROWS = 5_000

const isOld = (time: string) => `${time} < now() - make_interval(days => $1)`

/**
 * Deletes settled transactions that are older than `$1` days, with their attempts, claims, reverts and idempotency
 * keys. Open claims and unmined transactions stay. Limits and budgets count one day only. A transaction that was mined
 * so long ago is final, even if the node has no finalized block.
 */
const transactions = `
  WITH old AS MATERIALIZED (
      SELECT id FROM relay.tx
      WHERE state NOT IN ('signed', 'accepted') AND ${isOld('greatest(send_at, mined_at)')}
        AND NOT EXISTS (SELECT FROM relay.claim WHERE claim.tx = tx.id
          AND (claim.state = 'open' OR NOT ${isOld('claim.created_at')}))
      ORDER BY greatest(send_at, mined_at) LIMIT ${MAX_TRANSACTIONS} FOR UPDATE),
    claims AS MATERIALIZED (SELECT claim.id FROM relay.claim JOIN old ON claim.tx = old.id),
    attempts AS MATERIALIZED (SELECT hash FROM relay.attempt JOIN old ON attempt.tx = old.id),
    keys AS (DELETE FROM relay.idempotency_key WHERE claim IN (SELECT id FROM claims)),
    reverts AS (DELETE FROM relay.revert
      WHERE claim IN (SELECT id FROM claims) OR tx_hash IN (SELECT hash FROM attempts)),
    deleted_claims AS (DELETE FROM relay.claim WHERE id IN (SELECT id FROM claims)),
    deleted_attempts AS (DELETE FROM relay.attempt WHERE hash IN (SELECT hash FROM attempts))
  DELETE FROM relay.tx WHERE id IN (SELECT id FROM old)`

/** Deletes keys of claims that no transaction of the relay made. */
const keys = `
  DELETE FROM relay.idempotency_key WHERE ctid IN (
    SELECT bound.ctid FROM relay.idempotency_key AS bound
    WHERE ${isOld('bound_at')} AND NOT EXISTS (SELECT FROM relay.claim WHERE claim.id = bound.claim)
    LIMIT ${MAX_ROWS})`

/** Deletes the counts of wallets after a day, the longest window. */
const counts = `
  DELETE FROM relay.sent_claim WHERE ctid IN (
    SELECT ctid FROM relay.sent_claim WHERE sent_at < now() - interval '2 days' AND $1::int > 0 LIMIT ${MAX_ROWS})`

/** Deletes what was spent before the last day. */
const spending = `
  DELETE FROM relay.spending WHERE ctid IN (
    SELECT ctid FROM relay.spending WHERE hour < now() - interval '2 days' AND $1::int > 0 LIMIT ${MAX_ROWS})`

const deletions = [
  { text: transactions, limit: MAX_TRANSACTIONS },
  { text: keys, limit: MAX_ROWS },
  { text: counts, limit: MAX_ROWS },
  { text: spending, limit: MAX_ROWS },
]

/**
 * Deletes old rows periodically, in small transactions, one replica at a time.
 * @returns a function that stops this.
 */
export function startRetention(pool: pg.Pool, days: number, logger: Logger): () => Promise<void> {
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
    deleteAll(stopping).catch((err) => logger.warn({ err }, 'cannot delete old claims')),
  )
}
