import type { Address, Hex } from 'viem'
import type { Broadcast } from '../submission/broadcast.ts'
import type { Attempt } from '../submission/signing.ts'
import { type Database, stored } from './database.ts'

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
