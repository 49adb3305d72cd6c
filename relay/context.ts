import type pg from 'pg'
import type { Logger } from 'pino'
import type { Address, Hash, Hex, PublicClient } from 'viem'
import type { Deployment } from '../core/deployment.ts'
import type { Requester } from '../core/fairLane.ts'
import type { Endpoints } from '../core/node/endpoints.ts'
import type { Fees } from './chain/fees.ts'
import type { FinalBlock, Heads } from './chain/heads.ts'
import type { ClaimRequest, Market, NamedClaim } from './claims/chain/market.ts'
import type { WalletLimits } from './claims/store/lookUp.ts'
import type { RelayEmitter } from './events.ts'
import type { RemoteKey } from './sender/keys/remoteKeys.ts'
import type { Signer } from './sender/keys/signing.ts'
import type { NonceCheck } from './sender/nonceCheck.ts'

/** The request of a claim. If its client disconnects, a claim that is not stored yet is dropped. */
export type ClaimContext = Requester & {
  /** Aborts when the request times out. It does not undo what was sent. */
  until: AbortSignal
  /** The client’s idempotency key, scoped to the agent and wallet of the claim. */
  key: string | undefined
  /** Counts a claim that does not repeat a stored one. @throws Refusal RATE_LIMITED */
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

export type RelaySettings = {
  /** Of the chain; shared with the rest of the process. */
  endpoints: Endpoints
  /** The primary, because signed transactions are stored in its schema `relay`. */
  databaseUrl: string
  deployment: Deployment
  /** The accounts of the signers. They need only gas, no role. Signers of remote keys are added once their store answers. */
  accounts: Signer[]
  remoteKeys: readonly RemoteKey[]
  /**
   * The most that each signer spends on gas within 24 hours, in wei. Beyond it, signed transactions are still resent
   * and replaced.
   */
  dailyBudget: bigint
  /** Whether a devnet's relayer may make claims without the wallet’s signature. */
  allowUnsigned: boolean
  walletLimits: WalletLimits
  logger: Logger
  /** Claims in the index, if there is one: it may show a claim before its receipt is read. */
  indexedClaims?: IndexedClaims
  /** Emits events, for metrics and logs. */
  events: RelayEmitter
  /** The most claims of a transaction. */
  maxBatch: number
  /** The most unmined transactions of an account. */
  maxUnmined: number
  /** The interval between reads of the chain’s head while a claim waits, in milliseconds. */
  interval: number
  /** How often the keeper checks for unsettled transactions without an event, in milliseconds. */
  keeperInterval: number
  /** The most that a transaction may offer per gas, in wei. */
  maxFeePerGas: bigint
  /** How many nonces of a key other programs may use before the node's counts are implausible. */
  foreignNonces: number
  /** How many days decided claims and their transactions are kept. */
  retentionDays: number
}

/** What the modules of the relay share. */
export type RelayContext = RelaySettings & {
  pool: pg.Pool
  /** The market, by the client for simulations and the keeper's reads. */
  market: Market
  /** The client for broadcasts. */
  sender: PublicClient
  heads: Heads
  fees: () => Promise<Fees>
  /** The most that a claim costs beside its gas on a rollup, in wei. */
  l1Fee: () => Promise<bigint>
  finalBlock: FinalBlock
  nonceCheck: NonceCheck
  /** The accounts that may make unsigned claims. Resolves once this process may act on stored claims. */
  relayers: () => Promise<Set<Address>>
  /** The accounts that can make the claim; none if it lacks a signature that it needs. */
  signersFor: (request: ClaimRequest) => Promise<Signer[]>
}
