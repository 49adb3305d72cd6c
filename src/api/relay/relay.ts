import type { Hash, Hex } from 'viem'
import type { ClaimRequest, NamedClaim } from './chain/market.ts'
import type { SignerState } from './signerState.ts'
import type { StoredClaim } from './store/claims.ts'
import type { AbsentKey } from './submission/remoteKeys.ts'

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

/** The request of a claim. */
export type ClaimContext = {
  /** The client as the limits identify it. */
  client: string
  /** Aborts when the client disconnects. Then a claim that is not stored yet is dropped. */
  gone: AbortSignal
  /** Aborts when the request times out. It does not undo what was sent. */
  until: AbortSignal
  /** The client’s idempotency key, scoped to the agent and wallet of the claim. */
  key: string | undefined
  /** Counts a claim that does not repeat a stored one. @throws Problem RATE_LIMITED */
  countNew: () => void
}

/** The transaction and block at which the index shows a claim as won. */
export type IndexedWin = { blockNumber: bigint; txHash: Hash }

/** Claims in the index, which may be behind the chain. */
export type IndexedClaims = {
  /** Finds those of the claims that the index shows as won. */
  look: (claims: readonly NamedClaim[]) => Promise<Map<Hex, IndexedWin>>
  /** Resolves when the index has another block than at the last call. */
  pause: (signal: AbortSignal) => Promise<unknown>
  /** Whether the agent may claim the run by the index. It decides the order of claims, never a refusal. */
  isEligible: (request: ClaimRequest) => Promise<boolean>
}

/** Makes claims by sending transactions to the market. */
export type Relay = {
  /**
   * Makes the claim.
   * @throws Problem with the code of the contract’s refusal; RATE_LIMITED; CLAIM_PENDING if another claim of the run is
   * undecided; IDEMPOTENCY_CONFLICT if the key, or a pending claim of the same round by the same wallet, has another
   * body; RELAY_UNAVAILABLE if nothing was signed, or if the database connection broke so that the state is unknown.
   * Sending the same request again is always safe.
   */
  claim(request: ClaimRequest, context: ClaimContext): Promise<ClaimOutcome>
  /**
   * Waits, for at most 100 ms, while a claim of the run that the index calls eligible is in the queue: to read another
   * claim would delay it.
   * @returns whether it waited.
   */
  waitUnread(bountyId: bigint): Promise<boolean>
  /** Resolves in another turn of the event loop, once no claim of a contended run waits for its examination. */
  waitForExaminations(): Promise<void>
  /**
   * Finds a stored claim, with the win that the index shows if the keeper has not stored it yet; undefined if no
   * transaction was ever signed for the claim.
   */
  find(claimId: Hex): Promise<StoredClaim | undefined>
  /** Whether the node has finalized the block. */
  isFinal(blockNumber: bigint): Promise<boolean>
  /** @throws Problem RELAY_UNAVAILABLE if the node or the database does not answer. */
  signers(): Promise<SignerState[]>
  /** The keys without a signer, because their store has not answered since the start. */
  absentKeys(): AbsentKey[]
  /** The number of claims that wait in this process for a signer. */
  waiting(): number
  /** Stops accepting claims, and answers the waiting ones within a timeout. Signed transactions stay stored. */
  close(): Promise<void>
}
