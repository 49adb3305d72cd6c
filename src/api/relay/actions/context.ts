import type { EventEmitter } from 'node:events'
import type { ActionEvents } from '../events.ts'
import type { Kinds } from '../kinds/kind.ts'
import type { SenderEvents } from '../sender/events.ts'
import type { SharedContext } from '../sharedContext.ts'
import type { ActionStore } from './storedActions.ts'

/** What the modules for actions share. */
export type ActionsContext = SharedContext & {
  kinds: Kinds
  store: ActionStore
  /** The most unmined transactions of an account. */
  maxUnmined: number
  /** Resolves once this process may send: the node and the database are of the deployment's chain. */
  whenReady: () => Promise<unknown>
  events: Pick<EventEmitter<ActionEvents>, 'emit'> & {
    on(name: 'actionDecided', listener: (...decided: ActionEvents['actionDecided']) => void): unknown
    on(name: 'attemptMined', listener: (...mined: SenderEvents['attemptMined']) => void): unknown
  }
}
