import type { Hash, Hex } from 'viem'
import type { NamedClaim } from '../events.ts'

/** Where the index shows a claim as won. */
export type Shown = { blockNumber: bigint; txHash: Hash }

/** The index's word on claims, as `createWatch` asks for it. */
export type ShownClaims = {
  /** Those of the claims that the index shows as won. */
  look: (claims: readonly NamedClaim[]) => Promise<Map<Hex, Shown>>
  /** Resolves when the index has another block than it had the last time. */
  pause: (signal: AbortSignal) => Promise<unknown>
}
