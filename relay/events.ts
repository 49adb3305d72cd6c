import type { EventEmitter } from 'node:events'
import type { Address, Hash, Hex } from 'viem'
import type { ClaimRequest, NamedClaim } from './claims/chain/market.ts'
import type { RefusalCode } from './refusal.ts'
import type { Broadcast } from './sender/broadcast.ts'

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

/** A signed transaction for a nonce of a signer. */
type NamedAttempt = { signer: Address; nonce: number; txHash: Hash }

/**
 * The events of the relay, for metrics and logs. Results of listeners are ignored, and a listener must not throw. One
 * replica settles a claim, perhaps not the one that received it.
 */
export type RelayEvents = {
  /** A request arrived. The claim has no id before its round is known. */
  claimReceived: [{ request: ClaimRequest }]
  /** The request was answered, after so many milliseconds. Most refusals have no `claimId`. */
  claimAnswered: [
    { request: ClaimRequest; claimId?: Hex; outcome: ClaimOutcome['status'] | RefusalCode; milliseconds: number },
  ]
  /** The claim and its signed transaction are stored. */
  claimReserved: [NamedClaim & NamedAttempt]
  /** The transaction of the claim was broadcast for the first time. */
  claimSent: [NamedClaim & NamedAttempt & Pick<Broadcast, 'result'>]
  /** The chain decided the claim; `txHash` if a transaction of this relay did. A reorg may open it again. */
  claimDecided: [NamedClaim & { txHash?: Hash; outcome: 'won' | RefusalCode }]
  claimReopened: [NamedClaim]
  /** The decision is final. */
  claimFinal: [NamedClaim & { txHash?: Hash; outcome: 'won' | RefusalCode }]
  /** For the first time or again. `claims` is the number of its claims; 0 for a filler. */
  attemptSent: [NamedAttempt & Broadcast & { claims: number }]
  /** Another transaction for the same nonce: at a higher price, or a filler. */
  attemptReplaced: [NamedAttempt & { replaced: Hash; filler: boolean }]
  /** A filler uses up a nonce without a transaction. */
  gapFilled: [NamedAttempt]
  /** `fee` in wei, including a rollup's data fee. */
  attemptMined: [NamedAttempt & { filler: boolean; claims: number; gasUsed: bigint; fee: bigint }]
}

export type RelayEmitter = EventEmitter<RelayEvents>
