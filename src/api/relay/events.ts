import type { EventEmitter } from 'node:events'
import type { Hash, Hex } from 'viem'
import type { ActionRequest, NamedAction } from './kinds/request.ts'
import type { RefusalCode, Sent } from './refusal.ts'
import type { NamedAttempt, SenderEvents } from './sender/context.ts'
import type { BroadcastResult } from './sender/store/transactions.ts'

/**
 * The events of the relay, for metrics, logs and traces. Results of listeners are ignored, and a listener must not throw.
 * One replica settles an action, perhaps not the one that received it.
 */
export type RelayEvents = ActionEvents & SenderEvents

export type RelayEmitter = EventEmitter<RelayEvents>

/** What actions wait for, one step after the other. Some are repeated. */
export type ActionStep =
  | 'look up'
  | 'examine'
  | `wait for another ${Sent}`
  | 'wait in the queue'
  | 'simulate'
  | 'sign and store'
  | 'broadcast'
  | 'wait for the result'

/** A step of these actions that has begun. `ended` settles with it. `txHash`: the transaction that it is about. */
export type BegunStep = {
  step: ActionStep
  requests: readonly ActionRequest[]
  ended: Promise<unknown>
  txHash?: Hash | undefined
}

export type RunStep = ReturnType<typeof createRunStep>

/** Creates a function that runs a step of actions, and emits that it has begun. */
export const createRunStep =
  (events: { emit: (name: 'actionStep', begun: BegunStep) => unknown }) =>
  <T>(step: ActionStep, requests: readonly ActionRequest[], run: () => Promise<T>, txHash?: Hash): Promise<T> => {
    const ended = run()
    events.emit('actionStep', { step, requests, ended, txHash })
    return ended
  }

/**
 * The outcome of an action.
 * - `done`: the chain has made it, by this request, an earlier one of the same action, or the transaction of another sender. An
 *   index at `blockNumber` or later shows it. `result`: the id of the run or agent that it made; null if it made none.
 *   `txHash`: absent of a claim that the relay did not send.
 * - `signed`, `accepted`: it is not mined yet, and continues without the request. `signed`: no node has confirmed that
 *   it has the transaction.
 *
 * `round`: of a claim.
 */
export type ActionOutcome = { actionId: Hex; round?: bigint } & (
  | { status: 'done'; blockNumber: bigint; result: bigint | null; txHash?: Hash }
  | { status: 'signed' | 'accepted'; txHash: Hash }
)

/** The decision of the chain; `txHash` if a transaction of this relay was mined, or has made it. */
type Decided = NamedAction & { txHash?: Hash; outcome: 'done' | RefusalCode }

export type ActionEvents = {
  /** A request arrived. A claim has no id before its round is known. */
  actionReceived: [{ request: ActionRequest }]
  /** The request was answered, after so many milliseconds. Most refusals have no `actionId`. */
  actionAnswered: [
    {
      request: ActionRequest
      actionId?: Hex
      outcome: ActionOutcome['status'] | RefusalCode | 'INTERNAL'
      milliseconds: number
    },
  ]
  /** A step of actions begins. Of a batch, all its actions. */
  actionStep: [BegunStep]
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
