import type { Hash, Hex } from 'viem'
import type { ClaimRequest, NamedClaim } from './chain/market.ts'
import type { SignerState } from './signerState.ts'
import type { StoredClaim } from './store/claims.ts'

/**
 * What a claim came to.
 * - `won`: the run is the agent’s in this round, by this request or an earlier one of the same claim. An index at
 *   `blockNumber` or later shows it. `txHash` is known where a transaction of this relay made it.
 * - `signed`, `accepted`: it is not mined yet, and continues without the request. `signed`: no node has confirmed that it has
 *   the transaction.
 */
export type ClaimOutcome = { claimId: Hex; round: bigint } & (
  | { status: 'won'; blockNumber: bigint; txHash?: Hash }
  | { status: 'signed' | 'accepted'; txHash: Hash }
)

/** The request that a claim comes with. */
export type ClaimContext = {
  /** The sender, as the limits count clients. */
  client: string
  /** Aborts when the client has disconnected: a claim that is not stored yet is dropped. */
  gone: AbortSignal
  /** Aborts when the request has waited for as long as it may. It does not undo what was sent. */
  until: AbortSignal
  /** The client’s idempotency key. It belongs to the agent and wallet of the claim. */
  key: string | undefined
  /** Counts a claim that is no repeat of a stored one. @throws Problem RATE_LIMITED */
  countNew: () => void
}

/** Where the index shows a claim as won. */
export type IndexedWin = { blockNumber: bigint; txHash: Hash }

/** What the index says of claims. It may be behind the chain. */
export type IndexedClaims = {
  /** Those of the claims that the index shows as won. */
  look: (claims: readonly NamedClaim[]) => Promise<Map<Hex, IndexedWin>>
  /** Resolves when the index has another block than it had the last time. */
  pause: (signal: AbortSignal) => Promise<unknown>
  /** Whether the agent may claim the run as far as the index knows: advice, which refuses nothing. */
  isEligible: (request: ClaimRequest) => Promise<boolean>
}

/** Turns claims into transactions of the market. */
export type Relay = {
  /**
   * Makes the claim.
   * @throws Problem with the code of the contract’s reason to refuse the claim; RATE_LIMITED; CLAIM_PENDING where another
   * claim of the run is undecided; IDEMPOTENCY_CONFLICT where the key, or a pending claim of the same round by the same
   * wallet, came with another body; RELAY_UNAVAILABLE where nothing was signed, or the database broke off so that the state
   * is unknown: sending it again is safe.
   */
  claim(request: ClaimRequest, context: ClaimContext): Promise<ClaimOutcome>
  /**
   * What is stored of a claim, and where the index shows it as won if the keeper has not stored that yet; undefined if no
   * transaction was ever signed for it.
   */
  find(claimId: Hex): Promise<StoredClaim | undefined>
  /** Whether the node says that the block is final. */
  isFinal(blockNumber: bigint): Promise<boolean>
  /** @throws Problem RELAY_UNAVAILABLE if the node or the database does not answer. */
  signers(): Promise<SignerState[]>
  /** How many claims wait in this process for a signer. */
  waiting(): number
  /** Accepts no further claims and answers those that wait, bounded. What is signed stays stored. */
  close(): Promise<void>
}
