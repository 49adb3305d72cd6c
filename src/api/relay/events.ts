import type { EventEmitter } from 'node:events'
import type { Hash, Hex } from 'viem'
import type { ClaimRequest, NamedClaim } from './claims/chain/market.ts'
import type { ActionRequest, NamedAction } from './kinds/request.ts'
import type { RefusalCode } from './refusal.ts'
import type { NamedAttempt, SenderEvents } from './sender/events.ts'
import type { BroadcastResult } from './sender/store/transactions.ts'

/**
 * The events of the relay, for metrics, logs and traces. Results of listeners are ignored, and a listener must not throw.
 * One replica settles a claim or action, perhaps not the one that received it.
 */
export type RelayEvents = ClaimEvents & ActionEvents & SenderEvents

export type RelayEmitter = EventEmitter<RelayEvents>

/** What claims wait for, one step after the other. Some are repeated. */
export type ClaimStep =
  | 'look up'
  | 'examine'
  | 'wait for another claim'
  | 'wait in the queue'
  | 'simulate'
  | 'sign and store'
  | 'broadcast'
  | 'wait for the result'

/** A step of these claims that has begun. `ended` settles with it. `txHash`: the transaction that it is about. */
export type BegunStep = {
  step: ClaimStep
  requests: readonly ClaimRequest[]
  ended: Promise<unknown>
  txHash?: Hash | undefined
}

export type RunStep = ReturnType<typeof createRunStep>

/** Creates a function that runs a step of claims, and emits that it has begun. */
export const createRunStep =
  (events: { emit: (name: 'claimStep', begun: BegunStep) => unknown }) =>
  <T>(step: ClaimStep, requests: readonly ClaimRequest[], run: () => Promise<T>, txHash?: Hash): Promise<T> => {
    const ended = run()
    events.emit('claimStep', { step, requests, ended, txHash })
    return ended
  }

/**
 * The outcome of a claim.
 * - `won`: the agent has the run in this round, by this request or an earlier one of the same claim. An index at
 *   `blockNumber` or later shows it. `txHash` is set if a transaction of this relay made it.
 * - `signed`, `accepted`: it is not mined yet, and continues without the request. `signed`: no node has confirmed that
 *   it has the transaction.
 */
export type ClaimOutcome = { claimId: Hex; round: bigint } & (
  | { status: 'won'; blockNumber: bigint; txHash?: Hash }
  | { status: 'signed' | 'accepted'; txHash: Hash }
)

export type ClaimEvents = {
  /** A request arrived. The claim has no id before its round is known. */
  claimReceived: [{ request: ClaimRequest }]
  /** The request was answered, after so many milliseconds. Most refusals have no `claimId`. */
  claimAnswered: [
    {
      request: ClaimRequest
      claimId?: Hex
      outcome: ClaimOutcome['status'] | RefusalCode | 'INTERNAL'
      milliseconds: number
    },
  ]
  /** A step of claims begins. Of a batch, all its claims. */
  claimStep: [BegunStep]
  /** The claim and its signed transaction are stored. */
  claimPlaced: [NamedClaim & NamedAttempt]
  /** The transaction of the claim was broadcast for the first time. */
  claimSent: [NamedClaim & NamedAttempt & { result: BroadcastResult }]
  /** The chain decided the claim; `txHash` if a transaction of this relay did. A reorg may open it again. */
  claimDecided: [NamedClaim & { txHash?: Hash; outcome: 'won' | RefusalCode }]
  claimReopened: [NamedClaim]
  /** The decision is final. */
  claimFinal: [NamedClaim & { txHash?: Hash; outcome: 'won' | RefusalCode }]
}

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
