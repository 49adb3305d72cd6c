import type { Hex } from 'viem'
import type { Refusal } from '../refusal.ts'
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

/** SQL: whether a row of the table is of one of these kinds, whose names are plain words. */
export const isOfKinds = (table: 'action' | 'tx', names: readonly string[]) =>
  `${table}.kind IN (${names.map((name) => `'${name}'`).join()})`

/** SQL: whether the row's transaction can no longer decide it. */
export const IS_STRANDED = "action.state = 'open' AND tx.state NOT IN ('signed', 'accepted')"

/** SQL: whether `signer.address` has stranded rows of these kinds. */
export const hasStranded = (names: readonly string[]) => `EXISTS (
  SELECT FROM relay.action JOIN relay.tx ON tx.id = action.tx
  WHERE ${isOfKinds('action', names)} AND ${IS_STRANDED} AND tx.signer = signer.address)`

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
