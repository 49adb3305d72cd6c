import type { Hash, Hex } from 'viem'
import type { ClaimRequest } from './chain/market.ts'
import type { SignerState } from './signerState.ts'
import type { StoredClaim } from './store/claims.ts'

/**
 * What a claim came to.
 * - `won`: the run is the agent's in this round. Whether this request did it or an earlier one of the same claim makes
 *   no difference. An index at `blockNumber` or later shows it. `txHash` is known where a transaction of this relay did it.
 * - `signed`, `accepted`: it is not mined yet, and goes on without a listener. `signed` is in doubt: no node has said that
 *   it has the transaction.
 */
export type ClaimOutcome = { claimId: Hex; round: bigint } & (
  | { status: 'won'; blockNumber: bigint; txHash?: Hash }
  | { status: 'signed' | 'accepted'; txHash: Hash }
)

/** Turns claims into transactions of the market. */
export type Relay = {
  /**
   * Whether the claim is within what is done for its wallet and its agent; to be asked before it is made.
   * @returns `repeat` where it is stored already: then no limit is for it, the caller's own neither.
   * @throws Problem RATE_LIMITED, RELAY_UNAVAILABLE
   */
  admit(request: ClaimRequest, key?: string): Promise<'new' | 'repeat'>
  /**
   * Makes the claim.
   * @param signal ends the waiting. It does not undo what was sent: the claim goes on without a listener.
   * @param key a client's own name for this claim: whoever sends it again gets this claim and no other.
   * @throws Problem with the code of the contract's reason to refuse the claim; RELAY_UNAVAILABLE where
   * nothing was signed, or the database broke off so that nobody knows: sending it again is safe; IDEMPOTENCY_CONFLICT where the key, or a claim of the same round by the same wallet that is
   * on its way, came with other words.
   */
  claim(request: ClaimRequest, signal: AbortSignal, key?: string): Promise<ClaimOutcome>
  /** What is stored of a claim; undefined where none of this name ever got a nonce. */
  find(claimId: Hex): Promise<StoredClaim | undefined>
  /** Whether the node says that the block is final. */
  isFinal(blockNumber: bigint): Promise<boolean>
  /** @throws Problem RELAY_UNAVAILABLE if the node or the database does not answer. */
  signers(): Promise<SignerState[]>
  /** How many claims wait in this process for a signer. */
  waiting(): number
  /** Takes no more claims and lets those who wait have their answers, bounded. What is signed stays stored. */
  close(): Promise<void>
}
