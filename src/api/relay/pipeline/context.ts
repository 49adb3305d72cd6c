import type { EventEmitter } from 'node:events'
import type { Hash, Hex } from 'viem'
import type { Requester } from '../../../../core/fairLane.ts'
import type { ActionEvents } from '../events.ts'
import type { FeesPaid } from '../feesPaid.ts'
import type { Kinds } from '../kinds/kind.ts'
import type { ActionRequest, ClaimMessage, NamedAction } from '../kinds/request.ts'
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

/** The transaction and block at which the index shows a claim as won. */
export type IndexedWin = { blockNumber: bigint; txHash: Hash }

/** Claims in the index, which may be behind the chain. */
export type IndexedClaims = {
  /** Finds those of the claims that the index shows as won. @throws Refusal RELAY_UNAVAILABLE if it cannot be read. */
  look: (claims: readonly NamedAction<ClaimMessage>[]) => Promise<Map<Hex, IndexedWin>>
  /** Resolves when the index has another block than at the last call. */
  pause: (signal: AbortSignal) => Promise<unknown>
  /** It lacks an agent that the index does not know, and all if the index cannot be read. */
  feesPaid: FeesPaid
}

/** What the steps of actions share. */
export type PipelineContext = SharedContext & {
  kinds: Kinds
  store: ActionStore
  /** The accounts that can make the action; none if it lacks a signature that it needs. */
  signersFor: (request: ActionRequest) => Promise<readonly Signer[]>
  /** Claims in the index, if there is one: it may show a claim before its receipt is read. */
  indexedClaims?: IndexedClaims | undefined
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
