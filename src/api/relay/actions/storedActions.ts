import type { Address, Hash, Hex } from 'viem'
import type { Kinds, MessageRow } from '../kinds/kind.ts'
import { type NamedAction, UNSIGNED } from '../kinds/request.ts'
import { createRows, type StoredState } from '../ledger/rows.ts'
import { type Database, query } from '../store/database.ts'

/** An action that got a nonce, and its state. `result`: the id of the run or agent that it made; null if it made none. */
export type StoredAction = NamedAction & StoredState & { result: bigint | null }

type Row = MessageRow & { result: bigint | null; signature: Hex | null }

export const nameOf = ({ actionId, request }: NamedAction): NamedAction => ({ actionId, request })

export type ActionStore = ReturnType<typeof createActionStore>

/** The stored actions of the kinds that this build knows. */
export function createActionStore(kinds: Kinds) {
  const rows = createRows<Row, StoredAction>(
    kinds.names,
    'action.kind, party, deadline, body, signature, result',
    ({ id, result, signature, ...row }, state) => {
      const request = { message: kinds.messageOf(row), signature: signature ?? UNSIGNED }
      return { actionId: id, request, result, ...state }
    },
  )
  const { find } = rows

  return {
    ...rows,

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
