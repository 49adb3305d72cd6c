import { type Address, type Hex, stringify } from 'viem'
import type { Fees } from '../../chain/fees.ts'
import { type Database, query } from '../../store/database.ts'
import { type Lease, writeUnder } from './leases.ts'

/** How long after its acceptance a transaction is broadcast again, because nodes drop transactions. */
const RESEND_AFTER_SECONDS = 5

/** How long the keeper leaves a new transaction to the process that signed it. */
const HANDOVER_SECONDS = 2

/** The delay after a failed broadcast doubles from the first to the second. */
const FIRST_PAUSE_SECONDS = 0.2
const LAST_PAUSE_SECONDS = 2

/** The kind of the transactions that only fill gaps in the nonces. They are for no action. */
export const GAP = 'gap'

/** A signed transaction for a nonce. A nonce may have several attempts, of which one is mined. */
export type Attempt = Fees & { hash: Hex; raw: Hex; gas: bigint; filler: boolean }

/**
 * The result of a broadcast.
 * - `accepted`: the node has the transaction.
 * - `nonceTaken`: another transaction of the signer has the nonce.
 * - `unfunded`: the signer cannot pay for the transaction.
 * - `refused`: the node refused the transaction.
 * - `unsent`: the node did not receive the transaction.
 * - `unknown`: the node may have the transaction or not.
 */
export type BroadcastResult = 'accepted' | 'nonceTaken' | 'unfunded' | 'refused' | 'unsent' | 'unknown'

/** With the node's error, if it has not accepted the transaction. */
export type Broadcast = { result: BroadcastResult; error?: unknown }

/** An attempt without its bytes. `block`: the latest one when it was priced. `age` in seconds. */
type StoredAttempt = Omit<Attempt, 'raw'> & { block: bigint; age: number }

/** A nonce that the chain has not used, as far as the database knows. */
export type Unmined = {
  id: bigint
  /** The name of its kind of action. */
  kind: string
  nonce: number
  /** Seconds until it is broadcast again; 0 if it is due. */
  dueIn: number
  lastResult: BroadcastResult | null
  newest: StoredAttempt
  /** With the newest. */
  attempts: StoredAttempt[]
}

export async function insertSigner(database: Database, address: Address): Promise<void> {
  const signer = 'INSERT INTO relay.signer (address, next_nonce) VALUES ($1, 0) ON CONFLICT DO NOTHING'
  await database.query(signer, [address])
  await database.query('INSERT INTO relay.keeper (signer) VALUES ($1) ON CONFLICT DO NOTHING', [address])
}

export async function unminedOf(database: Database, signer: Address): Promise<Unmined[]> {
  const text = `
    SELECT tx.id, kind, nonce::int, greatest(0, extract(epoch FROM send_at - now()))::float8 AS "dueIn",
      last_result AS "lastResult", attempt.hash, gas, filler, attempt.block_number AS block,
      max_fee_per_gas AS "maxFeePerGas", max_priority_fee_per_gas AS "maxPriorityFeePerGas",
      extract(epoch FROM now() - signed_at)::float8 AS age
    FROM relay.tx JOIN relay.attempt ON attempt.tx = tx.id
    WHERE signer = $1 AND state IN ('signed', 'accepted') ORDER BY nonce, signed_at DESC`
  const rows = await query<Omit<Unmined, 'newest' | 'attempts'> & StoredAttempt>(database, text, [signer])
  return [...Map.groupBy(rows, ({ id }) => id).values()].flatMap((attempts) => {
    const [newest] = attempts
    if (!newest) return []
    const { id, kind, nonce, dueIn, lastResult } = newest
    return [{ id, kind, nonce, dueIn, lastResult, newest, attempts }]
  })
}

/** Reads the bytes of an attempt, up to 100 kB, just before they are sent. */
export async function rawOf(database: Database, hash: Hex): Promise<Hex> {
  const [row] = await query<{ raw: Hex }>(database, 'SELECT raw FROM relay.attempt WHERE hash = $1', [hash])
  if (!row) throw new Error(`Attempt ${hash} is not stored`)
  return row.raw
}

/** The channel of notifications with the signers of new transactions, for the keeper of another replica. */
export const TX_CHANNEL = 'relay_tx'

/** `kind`: the name of its kind of action. */
type NewTx = { tx: bigint; kind: string; nonce: number; attempt: Attempt }

/** Stores transactions that take the next nonces. @param block the latest block when they were priced. */
export function insertTxs(db: Database, signer: Address, txs: NewTx[], block: bigint) {
  const text = `
    WITH counted AS (
        UPDATE relay.signer SET next_nonce = greatest(next_nonce, $4::bigint + 1) WHERE address = $3),
      tx AS (INSERT INTO relay.tx (id, kind, signer, nonce, send_at)
        SELECT tx, kind, $3, nonce, now() + make_interval(secs => ${HANDOVER_SECONDS})
        FROM jsonb_to_recordset($1) AS new (tx bigint, kind text, nonce bigint)),
      attempt AS (${attemptInsert('$1', '$2')})
    SELECT pg_notify('${TX_CHANNEL}', $3)`
  const attempts = txs.map(({ tx, kind, nonce, attempt }) => ({ tx, kind, nonce, ...attempt }))
  const nonces = txs.map(({ nonce }) => nonce)
  return query(db, text, [stringify(attempts), block, signer, Math.max(...nonces)])
}

/**
 * Stores another attempt for the nonce of a transaction that is not mined.
 * @param block the latest block when the attempt was priced.
 * @returns whether it was stored. Only then may it be sent.
 */
export async function insertAttempt(database: Database, lease: Lease, tx: bigint, attempt: Attempt, block: bigint) {
  const text = `
    ${attemptInsert('$3', '$4')}, lease, relay.tx
    WHERE tx.id = new.tx AND tx.state IN ('signed', 'accepted') RETURNING attempt.hash`
  return (await writeUnder(database, lease, text, [stringify([{ tx, ...attempt }]), block])).length > 0
}

/**
 * Stores a filler for a nonce that has no transaction, or one that an operator abandoned.
 * @returns whether it was stored.
 */
export async function insertFiller(database: Database, lease: Lease, nonce: number, attempt: Attempt, block: bigint) {
  const text = `,
    tx AS (INSERT INTO relay.tx (kind, signer, nonce, send_at) SELECT '${GAP}', $1, $5, now() FROM lease
      ON CONFLICT (signer, nonce) DO UPDATE SET state = 'signed', send_at = now() WHERE tx.state = 'abandoned'
      RETURNING id)
    ${attemptInsert('$3', '$4', 'tx.id')}, tx RETURNING attempt.hash`
  return (await writeUnder(database, lease, text, [stringify([attempt]), block, nonce])).length > 0
}

/** @param attempts the parameter with the JSON. Its integers are strings, which PostgreSQL parses exactly. */
const attemptInsert = (attempts: string, block: string, tx = 'new.tx') => `
  INSERT INTO relay.attempt (hash, tx, raw, filler, gas, max_fee_per_gas, max_priority_fee_per_gas, block_number)
  SELECT new.hash, ${tx}, raw, filler, gas, "maxFeePerGas", "maxPriorityFeePerGas", ${block}
  FROM jsonb_to_recordset(${attempts}) AS new (hash text, tx bigint, raw text, filler boolean, gas bigint,
    "maxFeePerGas" numeric, "maxPriorityFeePerGas" numeric)`

export type Sent = { tx: bigint; result: BroadcastResult }

/** Stores the results of broadcasts. It ignores transactions that are settled already. */
export async function recordBroadcasts(database: Database, sent: readonly Sent[]): Promise<void> {
  const text = `
    UPDATE relay.tx SET
      state = CASE WHEN result = 'accepted' THEN 'accepted' ELSE state END,
      failures = CASE result WHEN 'accepted' THEN 0 ELSE failures + 1 END,
      last_result = nullif(result, 'accepted'),
      send_at = now() + make_interval(secs => CASE result WHEN 'accepted' THEN ${RESEND_AFTER_SECONDS}
        ELSE least(${FIRST_PAUSE_SECONDS} * 2 ^ least(failures, 16), ${LAST_PAUSE_SECONDS}) END)
    FROM unnest($1::bigint[], $2::text[]) AS sent (tx, result)
    WHERE id = sent.tx AND state IN ('signed', 'accepted')`
  await query(database, text, [sent.map(({ tx }) => tx), sent.map(({ result }) => result)])
}

/** A signer's unmined transactions and spending. */
export type Backlog = {
  nextNonce: number
  /** The number of its signed transactions that are not known to be mined. */
  unmined: number
  /** One more than the highest nonce that is settled. */
  settled: number
  isUnfunded: boolean
  /** Whether the node refuses its transactions. */
  isStuck: boolean
  /** The cost of the transactions mined within the last 24 hours, in wei. */
  spent: bigint
  /**
   * The most that its unmined transactions cost, in wei, without a rollup's data fee, which is known only once they are
   * mined. So the budget may be exceeded by the data fees of all unmined transactions.
   */
  committed: bigint
}

/** @param lock prevents other placements until the database transaction ends. */
export async function backlogOf(database: Database, signer: Address, lock: '' | 'FOR UPDATE' = ''): Promise<Backlog> {
  // First, so that the other statement sees what was stored before the lock.
  const nextNonce = await nextNonceOf(database, signer, lock)
  const text = `
    SELECT count(*)::int AS unmined, coalesce(bool_or(last_result = 'unfunded'), false) AS "isUnfunded",
      coalesce(bool_or(last_result IN ('refused', 'unsent', 'unknown')), false) AS "isStuck",
      coalesce(sum(ceiling), 0) AS committed,
      (SELECT coalesce(max(nonce) + 1, 0) FROM relay.tx
       WHERE signer = $1 AND state NOT IN ('signed', 'accepted'))::int AS settled,
      (SELECT coalesce(sum(fee), 0) FROM relay.tx WHERE signer = $1 AND mined_at > now() - interval '1 day') AS spent
    FROM relay.tx, LATERAL (
      SELECT max(gas * max_fee_per_gas) AS ceiling FROM relay.attempt WHERE attempt.tx = tx.id) AS attempt
    WHERE signer = $1 AND state IN ('signed', 'accepted')`
  const [backlog] = await query<Omit<Backlog, 'nextNonce'>>(database, text, [signer])
  if (!backlog) throw new Error(`There is no backlog of signer ${signer}`)
  return { nextNonce, ...backlog }
}

export async function nextNonceOf(database: Database, signer: Address, lock: '' | 'FOR UPDATE' = ''): Promise<number> {
  const text = `SELECT next_nonce::int AS nonce FROM relay.signer WHERE address = $1 ${lock}`
  const [next] = await query<{ nonce: number }>(database, text, [signer])
  if (!next) throw new Error(`Signer ${signer} is not in relay.signer`)
  return next.nonce
}
