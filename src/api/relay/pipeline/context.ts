import type { EventEmitter } from 'node:events'
import type { Requester } from '../../../../core/fairLane.ts'
import type { ActionEvents } from '../events.ts'
import type { Kinds } from '../kinds/kind.ts'
import type { ActionRequest } from '../kinds/request.ts'
import type { ActionStore } from '../ledger/storedActions.ts'
import type { SenderEvents } from '../sender/context.ts'
import type { Signer } from '../sender/keys/signing.ts'
import type { SharedContext } from '../sharedContext.ts'

/** The request of an action. If its client disconnects, an action that is not stored yet is dropped. */
export type Asking = Requester & {
  /** Aborts when the request times out. It does not undo what was sent. */
  until: AbortSignal
  /** The client’s idempotency key, scoped to the agent and wallet of a claim. */
  key?: string | undefined
}

/** What the steps of actions share. */
export type PipelineContext = SharedContext & {
  kinds: Kinds
  store: ActionStore
  /** The accounts that can make the action; none if it lacks a signature that it needs. */
  signersFor: (request: ActionRequest) => Promise<readonly Signer[]>
  /** The most claims of a transaction. */
  maxBatch: number
  /** The most unmined transactions of an account. */
  maxUnmined: number
  /** Resolves once this process may send: the node and the database are of the deployment's chain. */
  whenReady: () => Promise<unknown>
  events: Pick<EventEmitter<ActionEvents>, 'emit'> & {
    on(name: 'actionDecided', listener: (...decided: ActionEvents['actionDecided']) => void): unknown
    on(name: 'attemptMined', listener: (...mined: SenderEvents['attemptMined']) => void): unknown
  }
}
