import type { Address, Hash, Hex } from 'viem'
import type { Kinds, MessageRow } from '../../kinds/kind.ts'
import { type NamedAction, UNSIGNED } from '../../kinds/request.ts'
import {
  IS_STRANDED,
  isOfKinds,
  type RowState,
  rowsWithTx,
  type StoredRefusal,
  stateColumns,
  type TxState,
} from '../../ledger/rows.ts'
import { unavailable } from '../../refusal.ts'
import { type Database, query } from '../../store/database.ts'

/** An action that got a nonce, and its state. */
export type StoredAction = NamedAction & {
  /** `open`: the chain has not decided it. */
  state: 'open' | 'done' | 'refused'
  /** Its current transaction. */
  tx: { id: bigint; state: TxState; hash: Hash }
  /** The transaction that decided it; null if it is open, or was refused before its transaction was mined. */
  txHash: Hash | null
  blockNumber: bigint | null
  /** The id of the run or agent that it made; null if it made none, or is not done. */
  result: bigint | null
  problem: StoredRefusal | null
}

type Row = Pick<StoredAction, 'actionId' | 'state' | 'result'> & MessageRow & RowState & { signature: Hex | null }

export const nameOf = ({ actionId, request }: NamedAction): NamedAction => ({ actionId, request })

export type ActionStore = ReturnType<typeof createActionStore>

/** The stored actions of the kinds that this build knows. Those of others are left to the builds that know them. */
export function createActionStore(kinds: Kinds) {
  const select = `
    SELECT action.id AS "actionId", action.kind, party, deadline, body, signature, action.state, result, ${stateColumns}
    FROM ${rowsWithTx} WHERE ${isOfKinds(kinds.names)}`

  async function find(database: Database, clauses: string, values: unknown[]): Promise<StoredAction[]> {
    const rows = await query<Row>(database, `${select} AND ${clauses}`, values)
    return rows.map((row) => {
      const { actionId, state, txId, txState, newestHash, txHash, blockNumber, result, problem } = row
      const tx = { id: txId, state: txState, hash: newestHash }
      const request = { message: kinds.messageOf(row), signature: row.signature ?? UNSIGNED }
      return { actionId, request, state, tx, txHash, blockNumber, result, problem }
    })
  }

  const byId = (database: Database, ids: readonly Hex[]) => find(database, 'action.id = ANY($1)', [ids])

  return {
    byId,

    /** Reads an action that was stored. @throws Refusal RELAY_UNAVAILABLE if a failover of the database lost it. */
    async get(database: Database, id: Hex): Promise<StoredAction> {
      const [found] = await byId(database, [id])
      if (!found) throw unavailable(`The relay’s database has lost action ${id}: send it again.`)
      return found
    },

    /** The stored action with this id, and an open one of its party about the same. */
    related: (database: Database, { actionId, request: { message } }: NamedAction) =>
      find(database, '(action.id = $1 OR holds_slot AND slot = $2)', [actionId, kinds.of(message).slotOf(message)]),

    /** The transactions that have made actions of a party. */
    async makersFor(database: Database, party: Address): Promise<Set<Hash>> {
      const text = `SELECT tx_hash AS hash FROM relay.action WHERE party = $1 AND state = 'done'`
      return new Set((await query<{ hash: Hash }>(database, text, [party])).map(({ hash }) => hash))
    },

    /** The open actions of a party. */
    openOf: (database: Database, party: Address) => find(database, "action.state = 'open' AND party = $1", [party]),

    ofTxs: (database: Database, ...txs: bigint[]) => find(database, 'action.tx = ANY($1)', [txs]),

    /** The open actions of a signer whose transaction can no longer decide them. */
    strandedOf: (database: Database, signer: Address) => find(database, `${IS_STRANDED} AND tx.signer = $1`, [signer]),

    /**
     * The open actions of a signer's transactions with unused nonces, from `used` on, whose deadline is before `latest`, in
     * seconds.
     */
    expiredOf: (database: Database, signer: Address, used: number, latest: bigint, limit: number) =>
      find(
        database,
        `action.state = 'open' AND tx.state IN ('signed', 'accepted') AND tx.signer = $1 AND tx.nonce >= $2
           AND deadline < $3 LIMIT $4`,
        [signer, used, latest, limit],
      ),
  }
}
