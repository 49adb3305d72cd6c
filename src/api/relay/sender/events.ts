import type { Address, Hash } from 'viem'
import type { Broadcast } from './broadcast.ts'

/** A signed transaction for a nonce of a signer. */
export type NamedAttempt = { signer: Address; nonce: number; txHash: Hash }

export type SenderEvents = {
  /** For the first time or again. */
  attemptSent: [NamedAttempt & Broadcast]
  /** Another transaction for the same nonce: at a higher price, or a filler. */
  attemptReplaced: [NamedAttempt & { replaced: Hash; filler: boolean }]
  /** A filler uses up a nonce without a transaction. */
  gapFilled: [NamedAttempt]
  /**
   * `kind` is the name of its kind of action, and `actions` the number of its actions; 0 for a filler. `fee` in wei,
   * including a rollup's data fee.
   */
  attemptMined: [NamedAttempt & { kind: string; filler: boolean; actions: number; gasUsed: bigint; fee: bigint }]
}
