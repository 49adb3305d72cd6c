import type pg from 'pg'
import type { Address, Hex, TransactionReceipt } from 'viem'
import type { Broadcast } from './broadcast.ts'
import { type StoredClaim, storableProblem } from './claimStore.ts'
import { type Database, stored, transaction } from './database.ts'
import type { Decision } from './decision.ts'
import { forgetReverts, recordReverts } from './reverts.ts'
import type { Attempt } from './signing.ts'

/** How long after the node took a transaction it is handed to it again: nodes forget. Seconds. */
const RESEND_AFTER = 5

/** How long the keeper leaves new bytes to the process that signed them. Seconds. */
const HANDOVER = 2

/** The pause after a failed broadcast doubles from the first to the last. Seconds. */
const [FIRST_PAUSE, LAST_PAUSE] = [0.2, 2]

/** A nonce of a signer that the chain has not used as far as the database knows. */
export type Unmined = {
  id: bigint
  nonce: number
  /** Whether it is time to hand it to the node. */
  due: boolean
  lastResult: Broadcast['result'] | null
  /** Newest first. */
  attempts: (Omit<Attempt, 'raw'> & { block: bigint; age: number })[]
}

export async function insertSigner(database: Database, address: Address): Promise<void> {
  await database.query('INSERT INTO relay.signer (address, next_nonce) VALUES ($1, 0) ON CONFLICT DO NOTHING', [
    address,
  ])
  await database.query('INSERT INTO relay.keeper (signer) VALUES ($1) ON CONFLICT DO NOTHING', [address])
}

/** Whether the transactions of `signer` need a keeper: they are not final, or made claims that are open without them. */
const work = (signer: string) => `(
  EXISTS (SELECT FROM relay.tx WHERE signer = ${signer} AND state IN ('signed', 'accepted', 'mined'))
  OR EXISTS (
    SELECT FROM relay.claim JOIN relay.tx ON tx.id = claim.tx WHERE claim.state = 'open' AND signer = ${signer}))`

/** A signer that is none of these and has something left, whichever: one that is stuck must not hold up another. */
export async function someOther(
  database: Database,
  known: Address[],
): Promise<{ address: Address; signer: undefined }[]> {
  const text = `SELECT address FROM relay.signer WHERE address <> ALL($1) AND ${work('signer.address')} ORDER BY random() LIMIT 1`
  const { rows } = await stored(database.query(text, [known]))
  return (rows as { address: Address }[]).map(({ address }) => ({ address, signer: undefined }))
}

/** Whether anything of the signer is not final, or open without a transaction that could decide it. */
export async function hasWork(database: Database, signer: Address): Promise<boolean> {
  const { rows } = await stored(database.query(`SELECT ${work('$1')} AS work`, [signer]))
  return rows[0].work
}

export async function unminedOf(database: Database, signer: Address): Promise<Unmined[]> {
  const { rows } = await stored(
    database.query(
      `SELECT tx.id, nonce, send_at <= now() AS due, last_result, json_agg(json_build_object(
         'hash', attempt.hash, 'gas', gas::text, 'filler', filler, 'block', attempt.block_number::text,
         'maxFeePerGas', max_fee_per_gas::text, 'maxPriorityFeePerGas', max_priority_fee_per_gas::text,
         'age', extract(epoch FROM now() - signed_at)) ORDER BY signed_at DESC) AS attempts
       FROM relay.tx JOIN relay.attempt ON attempt.tx = tx.id
       WHERE signer = $1 AND state IN ('signed', 'accepted') GROUP BY tx.id ORDER BY nonce`,
      [signer],
    ),
  )
  return rows.map(({ id, nonce, due, last_result, attempts }) => ({
    ...{ id: BigInt(id), nonce: Number(nonce), due, lastResult: last_result },
    attempts: attempts.map(attemptOf),
  }))
}

type AttemptJson = { hash: Hex; filler: boolean; age: number } & Record<
  'gas' | 'block' | 'maxFeePerGas' | 'maxPriorityFeePerGas',
  string
>

const attemptOf = ({ hash, filler, age, gas, block, maxFeePerGas, maxPriorityFeePerGas }: AttemptJson) => ({
  ...{ hash, filler, age, gas: BigInt(gas), block: BigInt(block) },
  fees: { maxFeePerGas: BigInt(maxFeePerGas), maxPriorityFeePerGas: BigInt(maxPriorityFeePerGas) },
})

/** The bytes of an attempt: up to 100 kB, so they are read only to be sent. */
export async function rawOf(database: Database, hash: Hex): Promise<Hex> {
  const { rows } = await stored(database.query('SELECT raw FROM relay.attempt WHERE hash = $1', [hash]))
  const [row] = rows as { raw: Hex }[]
  if (!row) throw new Error(`Attempt ${hash} is not stored`)
  return row.raw
}

/** Takes the nonces for the transactions, which are not stored yet. @param block the newest when they were priced. */
export const insertTxs = (
  db: Database,
  signer: Address,
  txs: { tx: bigint; nonce: number; attempt: Attempt }[],
  block: bigint,
) =>
  db.query(
    `WITH counted AS (UPDATE relay.signer SET next_nonce = greatest(next_nonce, $4::bigint + 1) WHERE address = $3),
       tx AS (INSERT INTO relay.tx (id, signer, nonce, send_at)
         SELECT id, $3, nonce, now() + make_interval(secs => ${HANDOVER})
         FROM jsonb_to_recordset($5) AS new (id bigint, nonce bigint))
     ${attemptInsert}`,
    [
      ...attemptValues(txs, block),
      signer,
      Math.max(...txs.map(({ nonce }) => nonce)),
      JSON.stringify(txs.map(({ tx, nonce }) => ({ id: `${tx}`, nonce }))),
    ],
  )

/** @param block the newest when the attempt was priced. */
export const insertAttempt = (db: Database, tx: bigint, attempt: Attempt, block: bigint) =>
  db.query(attemptInsert, attemptValues([{ tx, attempt }], block))

const attemptInsert = `
  INSERT INTO relay.attempt (hash, tx, raw, filler, gas, max_fee_per_gas, max_priority_fee_per_gas, block_number)
  SELECT hash, tx, raw, filler, gas, max_fee_per_gas, max_priority_fee_per_gas, $2
  FROM jsonb_to_recordset($1) AS new (hash text, tx bigint, raw text, filler boolean, gas bigint,
    max_fee_per_gas numeric, max_priority_fee_per_gas numeric)`

const attemptValues = (attempts: { tx: bigint; attempt: Attempt }[], block: bigint) => [
  JSON.stringify(
    attempts.map(({ tx, attempt: { hash, raw, gas, filler, fees } }) => ({
      ...{ hash, tx: `${tx}`, raw, filler, gas: `${gas}` },
      ...{ max_fee_per_gas: `${fees.maxFeePerGas}`, max_priority_fee_per_gas: `${fees.maxPriorityFeePerGas}` },
    })),
  ),
  block,
]

/** What the node said about a transaction's bytes. */
export type Sent = { tx: bigint; result: Broadcast['result'] }

/** Keeps what the node said, of different transactions. */
export async function recordBroadcasts(database: Database, sent: readonly Sent[]): Promise<void> {
  const text = `
    UPDATE relay.tx SET
      state = CASE WHEN result = 'accepted' AND state = 'signed' THEN 'accepted' ELSE state END,
      failures = CASE result WHEN 'accepted' THEN 0 ELSE failures + 1 END,
      last_result = nullif(result, 'accepted'),
      send_at = now() + make_interval(secs => CASE result WHEN 'accepted' THEN ${RESEND_AFTER}
        ELSE least(${FIRST_PAUSE} * 2 ^ least(failures, 16), ${LAST_PAUSE}) END)
    FROM unnest($1::bigint[], $2::text[]) AS sent (tx, result) WHERE id = sent.tx`
  await stored(database.query(text, [sent.map(({ tx }) => tx), sent.map(({ result }) => result)]))
}

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
