import type { Hash, Hex } from 'viem'
import type { ActionRequest, NamedAction } from '../kinds/request.ts'
import type { RefusalCode } from '../refusal.ts'
import type { NamedAttempt } from '../sender/events.ts'
import type { BroadcastResult } from '../sender/store/transactions.ts'

/**
 * The outcome of an action.
 * - `done`: the chain has made it, perhaps by the transaction of another sender. An index at `blockNumber` or later shows
 *   it. `result`: the id of the run or agent that it made; null if it made none.
 * - `signed`, `accepted`: it is not mined yet, and continues without the request. `signed`: no node has confirmed that
 *   it has the transaction.
 */
export type ActionOutcome = { actionId: Hex; txHash: Hash } & (
  | { status: 'done'; blockNumber: bigint; result: bigint | null }
  | { status: 'signed' | 'accepted' }
)

/** The decision of the chain; `txHash` if a transaction of this relay was mined. */
type Decided = NamedAction & { txHash?: Hash; outcome: 'done' | RefusalCode }

export type ActionEvents = {
  /** A request was answered, after so many milliseconds. */
  actionAnswered: [
    { request: ActionRequest; outcome: ActionOutcome['status'] | RefusalCode | 'INTERNAL'; milliseconds: number },
  ]
  /** The action and its signed transaction are stored. */
  actionPlaced: [NamedAction & NamedAttempt]
  /** The transaction was broadcast for the first time. */
  actionSent: [NamedAction & NamedAttempt & { result: BroadcastResult }]
  /** The chain decided the action. A reorg may open it again. */
  actionDecided: [Decided]
  actionReopened: [NamedAction]
  /** The decision is final. */
  actionFinal: [Decided]
}
