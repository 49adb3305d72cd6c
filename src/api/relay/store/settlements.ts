import type pg from 'pg'
import type { Hash, Hex, TransactionReceipt } from 'viem'
import type { Problem, ProblemCode } from '../../http/errors.ts'
import { type StoredClaim, storableProblem } from './claims.ts'
import { type Database, stored } from './database.ts'
import { type Lease, writeUnder } from './leases.ts'

/** Where the chain decided a claim; `txHash` where a transaction of ours did. */
type Landing = { blockNumber: bigint; txHash?: Hash }

/** `undecided`: the claim may still be won, but not by the transaction that was sent for it. */
export type Decision = { won: Landing & { round: bigint } } | { refused: Problem; at?: Landing } | { undecided: true }

export type DecidedClaim = [StoredClaim, Decision]

/** What the chain made of a transaction and its claims. Fee in wei. */
export type Mined = { lease: Lease; tx: bigint; receipt: TransactionReceipt; fee: bigint; decisions: DecidedClaim[] }

/** On it the ids of claims are notified once their decisions are stored. */
export const CHANNEL = 'relay_claim'

/**
 * Why a claim that passed its simulation may revert without a fault of its agent: another was first, or the relay was
 * too slow. If these counted, a rival that takes three runs from an agent could pause it for a day. A signature that has
 * expired in its block does count: the relay asks for more validity than a block takes.
 */
const BLAMELESS: ProblemCode[] = ['RUN_NOT_OPEN', 'RUN_DEADLINE_PASSED']

/**
 * Updates open claims with their decisions. A refused claim may still become won: one that expired is refused before its
 * transaction is mined, and a reorg may let the transaction win after all. Its round may be reserved for another by
 * then, which the chain refuses.
 */
const decide = (decisions: string, from: string) => `
  UPDATE relay.claim SET state = new.state, problem = new.problem, tx_hash = new.tx_hash,
    block_number = new.block_number, round = coalesce(new.round, claim.round),
    reserved = NOT EXISTS (SELECT FROM relay.claim AS other
      WHERE other.bounty_id = claim.bounty_id AND other.round = coalesce(new.round, claim.round)
        AND other.state <> 'refused' AND other.reserved AND other.id <> claim.id)
  FROM ${from}, jsonb_to_recordset(${decisions}) AS new (claim text, tx bigint, state text, problem jsonb,
    tx_hash text, block_number bigint, round bigint)
  WHERE claim.id = new.claim AND claim.tx = new.tx
    AND (claim.state = 'open' OR claim.state = 'refused' AND new.state = 'won')`

/**
 * Stores which transactions were mined, with the decisions of their claims and the reverts that count against agents.
 * @returns the transactions and the claims that it changed: the others were settled before, or the lease is lost.
 */
export async function recordMined(database: Database, lease: Lease, mined: readonly Mined[]) {
  const text = `,
    mined AS (
      UPDATE relay.tx SET state = 'mined', hash = new.hash, block_number = new.block_number,
        block_hash = new.block_hash, used_since = NULL, last_result = NULL, fee = new.fee, mined_at = now()
      FROM lease, jsonb_to_recordset($3) AS new (id bigint, hash text, block_number bigint, block_hash text, fee numeric)
      WHERE tx.id = new.id AND tx.state IN ('signed', 'accepted') RETURNING tx.id),
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
  const values = [JSON.stringify(mined.map(rowOfMined)), rowsOf(decisions), BLAMELESS]
  const rows = await writeUnder<{ tx: string; claim: Hex | null }>(database, lease, text, values)
  return { txs: new Set(rows.map(({ tx }) => BigInt(tx))), claims: new Set(rows.map(({ claim }) => claim)) }
}

const rowOfMined = ({ tx, receipt: { transactionHash, blockNumber, blockHash }, fee }: Mined) => ({
  id: `${tx}`,
  hash: transactionHash,
  block_number: `${blockNumber}`,
  block_hash: blockHash,
  fee: `${fee}`,
})

/** Stores decisions of claims that their transactions did not make. @returns the ids of those that it changed. */
export async function recordDecisions(database: Database, lease: Lease, decisions: DecidedClaim[]): Promise<Set<Hex>> {
  const text = `, decided AS (${decide('$3', 'lease')} RETURNING claim.id)
    SELECT id, pg_notify('${CHANNEL}', id) FROM decided`
  const rows = await writeUnder<{ id: Hex }>(database, lease, text, [rowsOf(decisions)])
  return new Set(rows.map(({ id }) => id))
}

/** An undecided claim stays open: the keeper finds it without a transaction that could still decide it. */
const rowsOf = (decisions: DecidedClaim[]) =>
  JSON.stringify(
    decisions.flatMap(([{ claimId, tx }, decision]) => {
      if ('undecided' in decision) return []
      const landing = 'won' in decision ? decision.won : decision.at
      return {
        claim: claimId,
        tx: `${tx.id}`,
        state: 'won' in decision ? 'won' : 'refused',
        problem: 'won' in decision ? null : storableProblem(decision.refused),
        tx_hash: landing?.txHash ?? null,
        block_number: landing ? `${landing.blockNumber}` : null,
        round: 'won' in decision ? `${decision.won.round}` : null,
      }
    }),
  )

/**
 * Stores that another transaction has used the nonce, once no receipt of ours is found for `seconds`.
 * @param block the newest when the nonce was seen used.
 * @returns whether it did.
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
 * A block that is no older than the one in which these nonces were seen used does not have them used: a reorg took out
 * the transactions that had them, and our bytes are valid again.
 */
export const recordUntaken = (database: Database, lease: Lease, used: number, block: bigint) =>
  writeUnder(
    database,
    lease,
    `UPDATE relay.tx SET state = 'signed', used_since = NULL, send_at = now() FROM lease
     WHERE tx.signer = $1 AND state = 'taken' AND nonce >= $3 AND coalesce(taken_at_block, 0) <= $4`,
    [used, block],
  )

/** A transaction that is mined and not final. */
export type MinedTx = { id: bigint; hash: Hex; blockNumber: bigint; blockHash: Hex }

/** Newest first. */
export async function minedTxsOf(database: Database, { signer }: Lease, limit: number | null): Promise<MinedTx[]> {
  const text = `
    SELECT id, hash, block_number, block_hash FROM relay.tx WHERE signer = $1 AND state = 'mined'
    ORDER BY block_number DESC LIMIT $2`
  const { rows } = await stored(database.query(text, [signer, limit]))
  return (rows as { id: string; hash: Hex; block_number: string; block_hash: Hex }[]).map((row) => ({
    id: BigInt(row.id),
    hash: row.hash,
    blockNumber: BigInt(row.block_number),
    blockHash: row.block_hash,
  }))
}

/**
 * A reorg took the transaction out of its block. The claims that this block decided are open again, each with its round
 * reserved unless another claim of the round is reserved already.
 * @returns whether it was still stored as mined in that block.
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

/** @returns the transactions that are final now. */
export async function recordFinal(database: Database, lease: Lease, block: bigint): Promise<bigint[]> {
  const text = `
    UPDATE relay.tx SET state = 'final' FROM lease
    WHERE tx.signer = $1 AND state = 'mined' AND block_number <= $3 RETURNING id`
  return (await writeUnder<{ id: string }>(database, lease, text, [block])).map(({ id }) => BigInt(id))
}
