import type pg from 'pg'
import type { Address, Hex, TransactionReceipt } from 'viem'
import type { Decision } from '../reconciliation/decision.ts'
import { type StoredClaim, storableProblem } from './claims.ts'
import { type Database, stored, transaction } from './database.ts'
import { forgetReverts, recordReverts } from './reverts.ts'

/** What the chain made of a transaction and its claims. Fee in wei. */
export type Mined = { tx: bigint; receipt: TransactionReceipt; fee: bigint; decisions: [StoredClaim, Decision][] }

/** Keeps what the chain made of transactions and their claims, together. */
export const recordMined = (pool: pg.Pool, mined: readonly Mined[]) =>
  stored(
    transaction(pool, async (db) => {
      await db.query(
        `UPDATE relay.tx SET state = 'mined', hash = new.hash, block_number = new.block_number,
           block_hash = new.block_hash, used_since = NULL, last_result = NULL, fee = new.fee, mined_at = now()
         FROM jsonb_to_recordset($1) AS new (id bigint, hash text, block_number bigint, block_hash text, fee numeric)
         WHERE tx.id = new.id`,
        [JSON.stringify(mined.map(minedRow))],
      )
      await recordDecisions(
        db,
        mined.flatMap(({ decisions }) => decisions),
      )
      await recordReverts(
        db,
        mined.map(({ tx }) => tx),
      )
    }),
  )

const minedRow = ({ tx, receipt: { transactionHash, blockNumber, blockHash }, fee }: Mined) => ({
  ...{ id: `${tx}`, hash: transactionHash, block_number: `${blockNumber}`, block_hash: blockHash, fee: `${fee}` },
})

/** On it the ids of claims are notified once what they came to is stored. */
export const CHANNEL = 'relay_claim'

/** An undecided claim stays open: the keeper finds it without a transaction that could still decide it. */
export async function recordDecisions(database: Database, decisions: [StoredClaim, Decision][]) {
  const rows = decisions.flatMap(([claim, decision]) => ('undecided' in decision ? [] : rowOf(claim, decision)))
  if (rows.length === 0) return
  await stored(
    database.query(
      `UPDATE relay.claim SET state = new.state, problem = new.problem, tx_hash = new.tx_hash,
         block_number = new.block_number, round = coalesce(new.round, claim.round)
       FROM jsonb_to_recordset($1) AS new (id text, tx bigint, state text, problem jsonb, tx_hash text,
         block_number bigint, round bigint)
       WHERE claim.id = new.id AND claim.tx = new.tx
       RETURNING pg_notify('${CHANNEL}', claim.id)`,
      [JSON.stringify(rows)],
    ),
  )
}

function rowOf({ claimId: id, tx }: StoredClaim, decision: Exclude<Decision, { undecided: true }>) {
  const landing = 'won' in decision ? decision.won : decision.at
  return {
    ...{ id, tx: `${tx.id}`, state: 'won' in decision ? 'won' : 'refused' },
    problem: 'won' in decision ? null : storableProblem(decision.refused),
    ...{ tx_hash: landing?.txHash ?? null, block_number: landing ? `${landing.blockNumber}` : null },
    round: 'won' in decision ? `${decision.won.round}` : null,
  }
}

/** @returns for how many seconds the nonce has been known to be used without a receipt of ours. */
export async function secondsUsed(database: Database, tx: bigint): Promise<number> {
  const { rows } = await stored(
    database.query(
      `UPDATE relay.tx SET used_since = coalesce(used_since, now()) WHERE id = $1
       RETURNING extract(epoch FROM now() - used_since)::float8 AS seconds`,
      [tx],
    ),
  )
  return rows[0].seconds
}

export const recordTaken = (database: Database, tx: bigint) =>
  stored(database.query(`UPDATE relay.tx SET state = 'taken', used_since = NULL WHERE id = $1`, [tx]))

/** What is mined and not final, newest first. */
export async function minedOf(database: Database, signer: Address, limit: number | null) {
  const { rows } = await stored(
    database.query(
      `SELECT id, hash, block_number, block_hash FROM relay.tx WHERE signer = $1 AND state = 'mined'
       ORDER BY block_number DESC LIMIT $2`,
      [signer, limit],
    ),
  )
  return (rows as { id: string; hash: Hex; block_number: string; block_hash: Hex }[]).map((row) => ({
    ...{ id: BigInt(row.id), hash: row.hash, blockNumber: BigInt(row.block_number), blockHash: row.block_hash },
  }))
}

/**
 * A reorg took the transaction out of its block. Its claims are open again, each with its round reserved unless another
 * claim of the round is on its way already.
 */
export const recordDropped = (pool: pg.Pool, tx: bigint) =>
  stored(
    transaction(pool, async (db) => {
      await db.query(
        `UPDATE relay.tx SET state = 'signed', hash = NULL, block_number = NULL, block_hash = NULL, failures = 0,
           fee = NULL, mined_at = NULL,
           send_at = now() WHERE id = $1 AND state = 'mined'`,
        [tx],
      )
      await db.query(
        `UPDATE relay.claim SET state = 'open', problem = NULL, tx_hash = NULL, block_number = NULL,
           reserved = NOT EXISTS (SELECT FROM relay.claim AS other WHERE other.bounty_id = claim.bounty_id
             AND other.round = claim.round AND other.state <> 'refused' AND other.reserved AND other.id <> claim.id)
         WHERE tx = $1`,
        [tx],
      )
      await forgetReverts(db, tx)
    }),
  )

/** The transactions that took these nonces of ours have been reorganised away: our bytes are good again. */
export const recordUntaken = (database: Database, signer: Address, used: number) =>
  stored(
    database.query(
      `UPDATE relay.tx SET state = 'signed', send_at = now() WHERE signer = $1 AND state = 'taken' AND nonce >= $2`,
      [signer, used],
    ),
  )

/** @returns the transactions that are final now. */
export async function recordFinal(database: Database, signer: Address, block: bigint): Promise<bigint[]> {
  const { rows } = await stored(
    database.query(
      `UPDATE relay.tx SET state = 'final' WHERE signer = $1 AND state = 'mined' AND block_number <= $2 RETURNING id`,
      [signer, block],
    ),
  )
  return (rows as { id: string }[]).map(({ id }) => BigInt(id))
}
