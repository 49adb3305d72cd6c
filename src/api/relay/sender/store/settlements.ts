import { type Hex, stringify, type TransactionReceipt } from 'viem'
import { type Database, query } from '../../store/database.ts'
import type { Effect } from '../action.ts'
import { type Lease, writeUnder } from './leases.ts'

/** A transaction that the chain has mined. Fee in wei. */
export type Mined = { tx: bigint; receipt: TransactionReceipt; fee: bigint }

/**
 * Stores mined transactions, and what they decided.
 * @returns the transactions and the ids of the actions that it changed. The others were settled before, or the lease is
 * lost.
 */
export async function recordMined(database: Database, lease: Lease, mined: readonly Mined[], decisions: Effect) {
  const text = `,
    changed AS (
      UPDATE relay.tx SET state = 'mined', hash = "transactionHash", block_number = "blockNumber",
        block_hash = "blockHash", used_since = NULL, last_result = NULL, fee = new.fee, mined_at = now()
      FROM lease, jsonb_to_recordset($3) AS new (tx bigint, "transactionHash" text, "blockNumber" bigint,
        "blockHash" text, fee numeric)
      WHERE tx.id = new.tx AND tx.state IN ('signed', 'accepted') RETURNING tx.id, tx.fee)${decisions.text(4)}`
  const txs = mined.map(({ tx, fee, receipt: { transactionHash, blockNumber, blockHash } }) => {
    return { tx, fee, transactionHash, blockNumber, blockHash }
  })
  const values = [stringify(txs), ...decisions.values]
  const rows = await writeUnder<{ tx: bigint; action: string | null }>(database, lease, text, values)
  return { txs: new Set(rows.map(({ tx }) => tx)), actions: new Set(rows.map(({ action }) => action)) }
}

/**
 * Stores that a foreign transaction has used the nonce, if no receipt of ours was found for `seconds`.
 * @param block the latest block when the nonce was seen used.
 * @returns whether it stored that.
 */
export async function recordTaken(database: Database, lease: Lease, tx: bigint, seconds: number, block: bigint) {
  const text = `
    UPDATE relay.tx SET
      state = CASE WHEN used_since < now() - make_interval(secs => $4) THEN 'taken' ELSE state END,
      taken_at_block = $5, used_since = coalesce(used_since, now())
    FROM lease WHERE id = $3 AND state IN ('signed', 'accepted') RETURNING state`
  const [row] = await writeUnder<{ state: string }>(database, lease, text, [tx, seconds, block])
  return row?.state === 'taken'
}

/**
 * Reopens transactions whose nonces are unused at a block that is not older than the one at which they were seen used:
 * a reorg removed the foreign transactions, so ours are valid again.
 */
export const recordUntaken = (database: Database, lease: Lease, used: number, block: bigint) =>
  writeUnder(
    database,
    lease,
    `UPDATE relay.tx SET state = 'signed', used_since = NULL, send_at = now() FROM lease
     WHERE tx.signer = $1 AND state = 'taken' AND nonce >= $3 AND coalesce(taken_at_block, 0) <= $4`,
    [used, block],
  )

/** A mined transaction that is not final. `kind`: the name of its kind of action. */
export type MinedTx = { id: bigint; kind: string; hash: Hex; blockNumber: bigint; blockHash: Hex }

/** Latest first. */
export function minedTxsOf(database: Database, { signer }: Lease, limit: number | null) {
  const text = `
    SELECT id, kind, hash, block_number AS "blockNumber", block_hash AS "blockHash" FROM relay.tx
    WHERE signer = $1 AND state = 'mined' ORDER BY block_number DESC LIMIT $2`
  return query<MinedTx>(database, text, [signer, limit])
}

/**
 * Returns a transaction that a reorg removed from its block to the unmined ones, and reopens its actions.
 * @returns whether the transaction was still stored as mined in that block.
 */
export async function recordDropped(
  database: Database,
  lease: Lease,
  { id, blockHash }: MinedTx,
  reopen: Effect,
): Promise<boolean> {
  const text = `,
    changed AS (
      UPDATE relay.tx SET state = 'signed', hash = NULL, block_number = NULL, block_hash = NULL, failures = 0,
        fee = NULL, mined_at = NULL, send_at = now()
      FROM lease WHERE id = $3 AND state = 'mined' AND block_hash = $4 RETURNING id, fee)${reopen.text(5)}`
  return (await writeUnder(database, lease, text, [id, blockHash, ...reopen.values])).length > 0
}

/** @returns the transactions of these kinds that became final. */
export function recordFinal(database: Database, lease: Lease, block: bigint, kinds: readonly string[]) {
  const text = `
    UPDATE relay.tx SET state = 'final' FROM lease
    WHERE tx.signer = $1 AND state = 'mined' AND block_number <= $3 AND kind = ANY($4) RETURNING id`
  return writeUnder<{ id: bigint }>(database, lease, text, [block, kinds])
}
