import type { EventEmitter } from 'node:events'
import type pg from 'pg'
import type { Logger } from 'pino'
import type { Address, Hash, Hex } from 'viem'
import type { Requester } from '../../core/fairLane.ts'
import type { Fees } from '../chain/fees.ts'
import type { Heads } from '../chain/heads.ts'
import type { Market } from '../chain/market.ts'
import type { NextBlock } from '../chain/nextBlock.ts'
import type { FeesPaid } from '../feesPaid.ts'
import type { Signer } from '../sender/keys/signing.ts'
import type { SpendingLimits } from '../store/spending.ts'
import type { WalletLimits } from '../store/walletLimits.ts'
import type { ClaimRequest, NamedClaim } from './chain/market.ts'
import type { ClaimEvents } from './events.ts'

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
  /** Whether the agent may claim the run by the index. It decides the order of claims, never a refusal. */
  isEligible: (request: ClaimRequest) => Promise<boolean>
}

/** What the modules for claims share. */
export type ClaimsContext = {
  /** The market, by the client for simulations and the keeper's reads. */
  market: Market
  heads: Heads
  /** The price of a transaction now. */
  fees: () => Promise<Fees>
  nextBlock: () => Promise<NextBlock>
  databaseUrl: string
  pool: pg.Pool
  /** The accounts of the signers. The list grows while a remote key's store does not answer at the start. */
  accounts: readonly Signer[]
  /** Whether a devnet's relayer may make claims without the wallet’s signature. */
  allowUnsigned: boolean
  /** The smallest reward of a run whose claims are made, in USDC base units. */
  leastReward: bigint
  /** The accounts that may make unsigned claims. */
  relayers: () => Promise<Set<Address>>
  /** The accounts that can make the claim; none if it lacks a signature that it needs. */
  signersFor: (request: ClaimRequest) => Promise<Signer[]>
  walletLimits: WalletLimits
  spendingLimits: SpendingLimits
  /** Claims in the index, if there is one: it may show a claim before its receipt is read. */
  indexedClaims?: IndexedClaims | undefined
  feesPaid: FeesPaid
  /** The most claims of a transaction. */
  maxBatch: number
  /** The interval between reads of the chain’s head while a claim waits, in milliseconds. */
  interval: number
  events: Pick<EventEmitter<ClaimEvents>, 'emit'> & {
    on: (name: 'claimDecided', listener: (...decided: ClaimEvents['claimDecided']) => void) => unknown
  }
  logger: Logger
}
