import type { Address, Hash, Hex } from 'viem'
import { type Refusal, unavailable } from '../refusal.ts'
import { isHeld, type Lease } from '../sender/store/leases.ts'
import { type Database, query } from '../store/database.ts'

/** A stored refusal, for repeats of the request. */
export type StoredRefusal = Pick<Refusal, 'code' | 'detail' | 'extensions'>

/** The state of the chain transaction that a row has now. */
export type TxState = 'signed' | 'accepted' | 'mined' | 'final' | 'taken' | 'abandoned'

/** Whether a node is known to have the transaction of an open row. */
export const openStateOf = (tx: { state: TxState }): 'accepted' | 'signed' =>
  tx.state === 'accepted' ? 'accepted' : 'signed'

type PublicState = 'signed' | 'accepted' | 'mined' | 'final' | 'refused'

/** The state of a row as the API shows it. */
export function publicStateOf({ state, tx }: { state: string; tx: { state: TxState } }): PublicState {
  if (state === 'open') return openStateOf(tx)
  if (state === 'refused') return 'refused'
  return tx.state === 'final' ? 'final' : 'mined'
}

/** What all kinds store of an action that got a nonce. */
export type StoredState = {
  /** `open`: the chain has not decided it. */
  state: 'open' | 'done' | 'refused'
  /** Its current transaction. */
  tx: { id: bigint; state: TxState; hash: Hash }
  /** The transaction that decided it; null if it is open, was refused before it was mined, or was made without the relay. */
  txHash: Hash | null
  blockNumber: bigint | null
  problem: StoredRefusal | null
}

/** SQL: whether a row is of one of these kinds, whose names are plain words. */
const isOfKinds = (names: readonly string[]) => `action.kind IN (${names.map((name) => `'${name}'`).join()})`

/** SQL: whether the row's transaction can no longer decide it. */
const IS_STRANDED = "action.state = 'open' AND tx.state NOT IN ('signed', 'accepted')"

type StateRow = Omit<StoredState, 'tx'> & { id: Hex; txId: bigint; txState: TxState; newestHash: Hash }

export type Rows<Row> = ReturnType<typeof createRows<never, Row>>

/**
 * Reads the rows of some kinds. Those of kinds that this build does not know are left to the builds that know them.
 * @param columns what `read` needs beside the id.
 */
export function createRows<Own, Row>(
  names: readonly string[],
  columns: string,
  read: (own: Own & { id: Hex }, state: StoredState) => Row,
) {
  const select = `
    SELECT action.id, ${columns}, action.state, tx.id AS "txId", tx.state AS "txState",
      coalesce(tx.hash, newest.hash) AS "newestHash", tx_hash AS "txHash", action.block_number AS "blockNumber", problem
    FROM relay.action JOIN relay.tx ON tx.id = action.tx CROSS JOIN LATERAL (
      SELECT hash FROM relay.attempt WHERE attempt.tx = tx.id ORDER BY signed_at DESC LIMIT 1) AS newest
    WHERE ${isOfKinds(names)}`

  /** @param clauses SQL that follows the other conditions. */
  async function find(database: Database, clauses: string, values: unknown[]): Promise<Row[]> {
    const rows = await query<Own & StateRow>(database, `${select} AND ${clauses}`, values)
    return rows.map((row) => {
      const { state, txId, txState, newestHash, txHash, blockNumber, problem } = row
      return read(row, { state, tx: { id: txId, state: txState, hash: newestHash }, txHash, blockNumber, problem })
    })
  }

  const byId = (database: Database, ids: readonly Hex[]) => find(database, 'action.id = ANY($1)', [ids])

  return {
    find,
    byId,

    /** Reads a row that was stored. @throws Refusal RELAY_UNAVAILABLE if a failover of the database lost it. */
    async get(database: Database, id: Hex): Promise<Row> {
      const [found] = await byId(database, [id])
      if (!found) throw unavailable(`The relay’s database has lost ${id}: send it again.`)
      return found
    },

    ofTxs: (database: Database, ...txs: bigint[]) => find(database, 'action.tx = ANY($1)', [txs]),

    /** The open rows of a signer whose transaction can no longer decide them. */
    strandedOf: (database: Database, signer: Address) => find(database, `${IS_STRANDED} AND tx.signer = $1`, [signer]),
  }
}

/** SQL: whether `signer.address` has stranded rows of these kinds. */
export const hasStranded = (names: readonly string[]) => `EXISTS (
  SELECT FROM relay.action JOIN relay.tx ON tx.id = action.tx
  WHERE ${isOfKinds(names)} AND ${IS_STRANDED} AND tx.signer = signer.address)`

/**
 * Gives an open row another transaction, if it still has the one that was read, and the lease is valid. It does not lock the
 * lease, as other keeper writes do: a process that is paused here must not keep the lease.
 * @returns the id of the transaction; undefined if it did not.
 */
export async function moveRow(database: Database, { signer, token }: Lease, id: Hex, old: bigint) {
  const text = `
    UPDATE relay.action SET tx = nextval('relay.tx_id')
    WHERE id = $3 AND tx = $4 AND state = 'open' AND ${isHeld} RETURNING tx`
  const [row] = await query<{ tx: bigint }>(database, text, [signer, token, id, old])
  return row?.tx
}
