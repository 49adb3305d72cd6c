import type pg from 'pg'
import { type Hash, type Hex, stringify, type TransactionReceipt } from 'viem'
import type { StoredClaim, StoredRefusal } from '../../claims/store/claims.ts'
import type { Refusal, RefusalCode } from '../../refusal.ts'
import { type Database, query } from '../../store/database.ts'
import { type Lease, writeUnder } from './leases.ts'

/** The block that decided a claim, and the transaction if it is of this relay. */
export type Landing = { blockNumber: bigint; txHash?: Hash }

/** A claim may be refused without a block: before its transaction is mined. */
export type Decision =
  | (Landing & { state: 'won'; round: bigint })
  | (Partial<Landing> & { state: 'refused'; problem: Refusal })

export type DecidedClaim = [StoredClaim, Decision]

/** A mined transaction and the decisions of its claims. Fee in wei. */
export type Mined = { lease: Lease; tx: bigint; receipt: TransactionReceipt; fee: bigint; decisions: DecidedClaim[] }

/** The channel of notifications with the ids of decided claims. */
export const CHANNEL = 'relay_claim'

/**
 * The reverts that are not the agent's fault: another claim came first, or the relay was too slow. If they counted, a
 * rival that wins three runs from an agent could pause it for a day. An expired signature counts, because the relay
 * requires more validity than a block takes.
 */
const BLAMELESS: RefusalCode[] = ['RUN_NOT_OPEN', 'RUN_DEADLINE_PASSED']

/**
 * Updates open claims with their decisions. A refused claim may still become won: an expired claim is refused before
 * its transaction is mined, and after a reorg that transaction may still win. If the round is reserved for another
 * claim by then, the chain refuses that other claim.
 */
const decide = (decisions: string, from: string) => `
  UPDATE relay.claim SET state = new.state, problem = new.problem, tx_hash = "txHash",
    block_number = "blockNumber", round = coalesce(new.round, claim.round),
    reserved = NOT EXISTS (SELECT FROM relay.claim AS other
      WHERE other.bounty_id = claim.bounty_id AND other.round = coalesce(new.round, claim.round)
        AND other.state <> 'refused' AND other.reserved AND other.id <> claim.id)
  FROM ${from}, jsonb_to_recordset(${decisions}) AS new (claim text, tx bigint, state text, problem jsonb,
    "txHash" text, "blockNumber" bigint, round bigint)
  WHERE claim.id = new.claim AND claim.tx = new.tx
    AND (claim.state = 'open' OR claim.state = 'refused' AND new.state = 'won')`

/**
 * Stores mined transactions, the decisions of their claims, and the reverts that count against agents.
 * @returns the transactions and claims that it changed. The others were settled before, or the lease is lost.
 */
export async function recordMined(database: Database, lease: Lease, mined: readonly Mined[]) {
  const text = `,
    mined AS (
      UPDATE relay.tx SET state = 'mined', hash = "transactionHash", block_number = "blockNumber",
        block_hash = "blockHash", used_since = NULL, last_result = NULL, fee = new.fee, mined_at = now()
      FROM lease, jsonb_to_recordset($3) AS new (tx bigint, "transactionHash" text, "blockNumber" bigint,
        "blockHash" text, fee numeric)
      WHERE tx.id = new.tx AND tx.state IN ('signed', 'accepted') RETURNING tx.id),
    decided AS (
      ${decide('$4', 'mined')} AND new.tx = mined.id
      RETURNING claim.id, claim.tx, claim.agent_id, claim.state, claim.tx_hash, claim.problem->>'code' AS code),
    reverted AS (
      INSERT INTO relay.revert (tx_hash, claim, agent_id)
      SELECT decided.tx_hash, decided.id, decided.agent_id
      FROM decided JOIN relay.attempt ON attempt.hash = decided.tx_hash
      WHERE decided.state = 'refused' AND NOT attempt.filler AND code <> ALL($5)
      ON CONFLICT DO NOTHING)
    SELECT mined.id AS tx, decided.id AS claim, pg_notify('${CHANNEL}', decided.id)
    FROM mined LEFT JOIN decided ON decided.tx = mined.id`
  const decisions = mined.flatMap((one) => one.decisions)
  const txs = mined.map(({ tx, fee, receipt: { transactionHash, blockNumber, blockHash } }) => {
    return { tx, fee, transactionHash, blockNumber, blockHash }
  })
  const values = [stringify(txs), jsonOf(decisions), BLAMELESS]
  const rows = await writeUnder<{ tx: bigint; claim: Hex | null }>(database, lease, text, values)
  return { txs: new Set(rows.map(({ tx }) => tx)), claims: new Set(rows.map(({ claim }) => claim)) }
}

/** Stores a decision about a claim that its transaction did not make. @returns whether it changed the claim. */
export async function recordDecision(database: Database, lease: Lease, decided: DecidedClaim): Promise<boolean> {
  const text = `, decided AS (${decide('$3', 'lease')} RETURNING claim.id)
    SELECT id, pg_notify('${CHANNEL}', id) FROM decided`
  return (await writeUnder(database, lease, text, [jsonOf([decided])])).length > 0
}

function jsonOf(decisions: DecidedClaim[]) {
  const rows = decisions.map(([{ claimId, tx }, decision]) => {
    const row = { claim: claimId, tx: tx.id, ...decision }
    if (decision.state === 'won') return row
    const { code, detail, extensions } = decision.problem
    const problem: StoredRefusal = { code, detail, extensions }
    return { ...row, problem }
  })
  return stringify(rows)
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

/** A mined transaction that is not final. */
export type MinedTx = { id: bigint; hash: Hex; blockNumber: bigint; blockHash: Hex }

/** Latest first. */
export function minedTxsOf(database: Database, { signer }: Lease, limit: number | null) {
  const text = `
    SELECT id, hash, block_number AS "blockNumber", block_hash AS "blockHash" FROM relay.tx
    WHERE signer = $1 AND state = 'mined' ORDER BY block_number DESC LIMIT $2`
  return query<MinedTx>(database, text, [signer, limit])
}

/**
 * Reopens a transaction that a reorg removed from its block, and the claims that the block decided. Each claim's round
 * is reserved again, unless another claim has reserved it.
 * @returns whether the transaction was still stored as mined in that block.
 */
export async function recordDropped(pool: pg.Pool, lease: Lease, { id, blockHash }: MinedTx): Promise<boolean> {
  const text = `,
    dropped AS (
      UPDATE relay.tx SET state = 'signed', hash = NULL, block_number = NULL, block_hash = NULL, failures = 0,
        fee = NULL, mined_at = NULL, send_at = now()
      FROM lease WHERE id = $3 AND state = 'mined' AND block_hash = $4 RETURNING id),
    reopened AS (
      UPDATE relay.claim SET state = 'open', problem = NULL, tx_hash = NULL, block_number = NULL,
        reserved = NOT EXISTS (SELECT FROM relay.claim AS other WHERE other.bounty_id = claim.bounty_id
          AND other.round = claim.round AND other.state <> 'refused' AND other.reserved AND other.id <> claim.id)
      FROM dropped WHERE claim.tx = dropped.id AND claim.block_number IS NOT NULL),
    forgotten AS (
      DELETE FROM relay.revert USING relay.attempt, dropped WHERE tx_hash = attempt.hash AND attempt.tx = dropped.id)
    SELECT id FROM dropped`
  return (await writeUnder(pool, lease, text, [id, blockHash])).length > 0
}

/** @returns the transactions that became final. */
export async function recordFinal(database: Database, lease: Lease, block: bigint): Promise<bigint[]> {
  const text = `
    UPDATE relay.tx SET state = 'final' FROM lease
    WHERE tx.signer = $1 AND state = 'mined' AND block_number <= $3 RETURNING id`
  return (await writeUnder<{ id: bigint }>(database, lease, text, [block])).map(({ id }) => id)
}
