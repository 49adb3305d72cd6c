import type { EventEmitter } from 'node:events'
import type { Requester } from '../../../../core/fairLane.ts'
import type { Market } from '../chain/market.ts'
import type { NextBlock } from '../chain/nextBlock.ts'
import type { IndexedRuns } from '../chain/views.ts'
import type { ActionEvents } from '../events.ts'
import type { Kinds } from '../kinds/kind.ts'
import type { ActionRequest } from '../kinds/request.ts'
import type { WalletLimits } from '../ledger/limits.ts'
import type { SpendingLimits } from '../ledger/spending.ts'
import type { ActionStore } from '../ledger/storedActions.ts'
import type { SenderContext } from '../sender/context.ts'
import type { Signer } from '../sender/keys/signing.ts'

/** The request of an action. If its client disconnects, an action that is not stored yet is dropped. */
export type Asking = Requester & {
  /** Aborts when the request times out. It does not undo what was sent. */
  until: AbortSignal
  /** The client’s idempotency key, scoped to the agent and wallet of a claim. */
  key?: string | undefined
}

/**
 * The fees of the runs of these agents that a party approved, in USDC base units. It may lack an agent that the index does not
 * know, and does not wait long for the index.
 */
export type FeesPaid = (agentIds: readonly bigint[]) => Promise<Map<bigint, bigint>>

type OfSender = 'pool' | 'heads' | 'fees' | 'accounts' | 'maxUnmined' | 'whenReady' | 'logger'

/** What the steps of actions share, with each other and with the sender. */
export type PipelineContext = Pick<SenderContext, OfSender> & {
  /** The market, by the client for simulations and the keeper's reads. */
  market: Market
  kinds: Kinds
  store: ActionStore
  /** Runs and agents in the index: what it refuses asks no node. */
  indexedRuns: IndexedRuns
  nextBlock: () => Promise<NextBlock>
  /** The accounts that can make the action; none if it lacks a signature that it needs. */
  signersFor: (request: ActionRequest) => Promise<readonly Signer[]>
  /** The smallest reward of a run whose claims and actions are made, in USDC base units. */
  leastReward: bigint
  walletLimits: WalletLimits
  spendingLimits: SpendingLimits
  feesPaid: FeesPaid
  /** The most claims of a transaction. */
  maxBatch: number
  /** The interval between reads of the chain’s head while a request waits, in milliseconds. */
  interval: number
  events: Pick<EventEmitter<ActionEvents>, 'emit'> & {
    on(name: 'actionDecided', listener: (...decided: ActionEvents['actionDecided']) => void): unknown
  }
}
