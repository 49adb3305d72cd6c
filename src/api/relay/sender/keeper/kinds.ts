import type { ActionKind, Effect } from '../action.ts'
import type { SenderContext } from '../context.ts'
import { deleteOldTransactions } from '../store/oldTransactions.ts'
import { GAP } from '../store/transactions.ts'
import { createSettle, type Settle } from './settlement.ts'

/**
 * A kind of action without the types of its actions and decisions, which differ from kind to kind. `settle` is the only
 * function that reads and decides actions, and keeps them to itself: what it gets from one kind never reaches another.
 */
export type KeeperKind = Omit<ActionKind<never, never>, 'actionsOf' | 'conclude' | 'store' | 'onDecided'> & {
  settle: Settle
}

export const toKeeperKind = <Action, Decision>(
  context: SenderContext,
  kind: ActionKind<Action, Decision>,
): KeeperKind => ({
  ...kind,
  settle: createSettle(context, kind),
})

const noEffect: Effect = { text: () => ' SELECT id AS tx, NULL AS action FROM changed', values: [] }

/** The kind of transactions that only fill gaps in the nonces. */
const gaps: ActionKind<never, never> = {
  name: GAP,
  actionsOf: async () => new Map<bigint, never[]>(),
  conclude: async () => [],
  store: () => noEffect,
  onDecided: () => undefined,
  reopen: noEffect,
  onReopened: async () => undefined,
  onFinal: async () => undefined,
  callWorthSending: async () => undefined,
  isOverdue: async () => false,
  giveUpExpired: async () => undefined,
  sendAnew: async () => true,
  hasStranded: 'false',
  deletions: [deleteOldTransactions(GAP)],
}

export type Kinds = ReturnType<typeof createKinds>

/** The kinds of action that this process knows. */
export function createKinds(context: SenderContext, kinds: readonly KeeperKind[]) {
  const all = [...kinds, toKeeperKind(context, gaps)]
  const byName = new Map(all.map((kind) => [kind.name, kind]))
  const unknown = new Set<string>()

  return {
    /** With that of fillers of gaps. */
    all,
    names: [...byName.keys()],

    /**
     * The kind of that name; undefined if only processes of a newer build know it, which share the database. Its
     * transactions are left to these processes: they are broadcast again, but not settled, reopened or replaced.
     */
    of(name: string): KeeperKind | undefined {
      const kind = byName.get(name)
      if (kind || unknown.has(name)) return kind
      unknown.add(name)
      context.logger.warn({ kind: name }, 'leaves transactions of an unknown kind to processes of a newer build')
      return undefined
    },
  }
}
