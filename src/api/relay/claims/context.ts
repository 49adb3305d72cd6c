import type { EventEmitter } from 'node:events'
import type { Address, Hash, Hex } from 'viem'
import type { Requester } from '../../../../core/fairLane.ts'
import type { ClaimEvents } from '../events.ts'
import type { FeesPaid } from '../feesPaid.ts'
import type { Signer } from '../sender/keys/signing.ts'
import type { SharedContext } from '../sharedContext.ts'
import type { ClaimRequest, NamedClaim } from './chain/market.ts'

/** The request of a claim. If its client disconnects, a claim that is not stored yet is dropped. */
export type ClaimContext = Requester & {
  /** Aborts when the request times out. It does not undo what was sent. */
  until: AbortSignal
  /** The client’s idempotency key, scoped to the agent and wallet of the claim. */
  key: string | undefined
}

/** The transaction and block at which the index shows a claim as won. */
export type IndexedWin = { blockNumber: bigint; txHash: Hash }

/** Claims in the index, which may be behind the chain. */
export type IndexedClaims = {
  /** Finds those of the claims that the index shows as won. @throws Refusal RELAY_UNAVAILABLE if it cannot be read. */
  look: (claims: readonly NamedClaim[]) => Promise<Map<Hex, IndexedWin>>
  /** Resolves when the index has another block than at the last call. */
  pause: (signal: AbortSignal) => Promise<unknown>
  /** It lacks an agent that the index does not know, and all if the index cannot be read. */
  feesPaid: FeesPaid
}

/** What the modules for claims share. */
export type ClaimsContext = SharedContext & {
  /** Whether a devnet's relayer may make claims without the wallet’s signature. */
  allowUnsigned: boolean
  /** The accounts that may make unsigned claims. */
  relayers: () => Promise<Set<Address>>
  /** The accounts that can make the claim; none if it lacks a signature that it needs. */
  signersFor: (request: ClaimRequest) => Promise<Signer[]>
  /** Claims in the index, if there is one: it may show a claim before its receipt is read. */
  indexedClaims?: IndexedClaims | undefined
  /** The most claims of a transaction. */
  maxBatch: number
  events: Pick<EventEmitter<ClaimEvents>, 'emit'> & {
    on: (name: 'claimDecided', listener: (...decided: ClaimEvents['claimDecided']) => void) => unknown
  }
}
