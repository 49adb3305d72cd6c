import type { Logger } from 'pino'
import type { ActionKind, Effect } from '../action.ts'
import { GAP } from '../store/transactions.ts'

const noEffect: Effect = { text: () => ' SELECT id AS tx, NULL AS action FROM changed', values: [] }

/** The kind of transactions that only fill gaps in the nonces. */
const gaps: ActionKind = {
  names: [GAP],
  actionsOf: async () => new Map(),
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
}

export type KeptKinds = ReturnType<typeof createKeptKinds>

/** The kinds of action that the keeper of this process knows. */
export function createKeptKinds(kinds: readonly ActionKind[], logger: Logger) {
  const all = [...kinds, gaps]
  const byName = new Map(all.flatMap((kind) => kind.names.map((name) => [name, kind] as const)))
  const unknown = new Set<string>()

  return {
    /** With that of fillers of gaps. */
    all,
    names: [...byName.keys()],

    /**
     * The kind of that name; undefined if only processes of a newer build know it, which share the database. Its
     * transactions are left to these processes: they are broadcast again, but not settled, reopened or replaced.
     */
    of(name: string): ActionKind | undefined {
      const kind = byName.get(name)
      if (kind || unknown.has(name)) return kind
      unknown.add(name)
      logger.warn({ kind: name }, 'leaves transactions of an unknown kind to processes of a newer build')
      return undefined
    },
  }
}
