import type { Hash, Hex } from 'viem'
import type { RefusalCode } from '../refusal.ts'
import type { NamedAttempt } from '../sender/events.ts'
import type { BroadcastResult } from '../sender/store/transactions.ts'
import type { ClaimRequest, NamedClaim } from './chain/market.ts'
import type { BegunStep } from './steps.ts'

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
