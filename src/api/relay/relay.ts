import type { Hex } from 'viem'
import type { ClaimRequest } from './market.ts'

/**
 * What a claim came to.
 * - `won`: the run is the agent's in this round. Whether this request did it or an earlier one of the same claim makes
 *   no difference. An index at `blockNumber` or later shows it. `txHash` is known where a transaction of this relay did it.
 * - `signed`, `accepted`: it is not mined yet. `signed` is in doubt: the node did not say whether it has the transaction.
 */
export type ClaimOutcome = { claimId: Hex; round: bigint } & (
  | { status: 'won'; blockNumber: bigint; txHash?: Hex }
  | { status: 'signed' | 'accepted'; txHash: Hex }
)

/** Turns claims into transactions of the market. */
export type Relay = {
  /**
   * Makes the claim.
   * @param signal ends the waiting. It does not undo what was sent: the claim goes on without a listener.
   * @throws Problem with the code of the contract's reason to refuse the claim; RELAY_UNAVAILABLE where it is certain
   * that no transaction was sent.
   */
  claim(request: ClaimRequest, signal: AbortSignal): Promise<ClaimOutcome>
  /** Whether the node says that the block is final. */
  isFinal(blockNumber: bigint): Promise<boolean>
  /** Takes no more claims and waits for those in flight, bounded. */
  close(): Promise<void>
}
