import type { EventEmitter } from 'node:events'
import type { Address, Hash, Hex } from 'viem'
import type { ProblemCode } from '../http/errors.ts'
import type { ClaimRequest, NamedClaim } from './chain/market.ts'
import type { ClaimOutcome } from './relay.ts'
import type { Broadcast } from './submission/broadcast.ts'

/** A try of a signer to use a nonce. */
type NamedAttempt = { signer: Address; nonce: number; txHash: Hash }

/**
 * What happens in the relay, for metrics and logs. It tells and never asks: what a listener returns is not looked at,
 * and it must not throw. Claims are settled by one replica, and not always by the one that received them.
 */
export type RelayEvents = {
  /** A request came in; the claim has no id before its round is known. */
  claimReceived: [{ request: ClaimRequest }]
  /** The request has its answer, after so many milliseconds. A `claimId` is absent from most refusals. */
  claimAnswered: [
    { request: ClaimRequest; claimId?: Hex; outcome: ClaimOutcome['status'] | ProblemCode; milliseconds: number },
  ]
  /** It is stored, in signed bytes. */
  claimReserved: [NamedClaim & NamedAttempt]
  /** Its bytes were handed to the node for the first time. */
  claimSent: [NamedClaim & NamedAttempt & Pick<Broadcast, 'result'>]
  /** The chain decided it; `txHash` where a transaction of ours did. A reorg may open it again. */
  claimDecided: [NamedClaim & { txHash?: Hash; outcome: 'won' | ProblemCode }]
  claimReopened: [NamedClaim]
  /** What was decided cannot be undone any more. */
  claimFinal: [NamedClaim & { txHash?: Hash; outcome: 'won' | ProblemCode }]
  /** The first time or again. `claims`: how many it makes; 0 for a filler. */
  attemptSent: [NamedAttempt & Broadcast & { claims: number }]
  /** Other bytes for the same nonce: at a higher price, or a filler. */
  attemptReplaced: [NamedAttempt & { replaced: Hash; filler: boolean }]
  /** A nonce that nobody had a transaction for is used up. */
  gapFilled: [NamedAttempt]
  /** `fee` in wei, with what a rollup takes for its data. */
  attemptMined: [NamedAttempt & { filler: boolean; claims: number; gasUsed: bigint; fee: bigint }]
}

export type RelayEmitter = EventEmitter<RelayEvents>
