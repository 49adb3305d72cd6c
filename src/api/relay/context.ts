import type pg from 'pg'
import type { Logger } from 'pino'
import type { Address, PublicClient } from 'viem'
import type { Deployment } from '../deployment.ts'
import type { Fees } from './chain/fees.ts'
import type { FinalBlock, Heads } from './chain/heads.ts'
import type { ClaimRequest, Market } from './chain/market.ts'
import type { RelayEmitter } from './events.ts'
import type { IndexedClaims } from './relay.ts'
import type { WalletLimits } from './store/lookUp.ts'
import type { NonceCheck } from './submission/nonceCheck.ts'
import type { Signer } from './submission/signing.ts'

export type RelaySettings = {
  rpcUrl: string
  /** Of the primary: what is signed is stored there, in schema `relay`. */
  databaseUrl: string
  deployment: Deployment
  /** Each has nonces of its own. They need hold gas only. */
  accounts: Signer[]
  /** What each may spend on gas within 24 hours, in wei. Beyond it, signed transactions are still resent and replaced. */
  dailyBudget: bigint
  /** Whether a relayer of a devnet may claim without the wallet’s signature. */
  allowUnsigned: boolean
  walletLimits: WalletLimits
  logger: Logger
  /** What the index says of claims, where there is one: it may show a claim before its receipt is read. */
  indexedClaims?: IndexedClaims
  /** Emits what happens, for metrics and logs. */
  events: RelayEmitter
  /** How many claims a transaction makes at most. */
  maxBatch: number
  /** How many transactions of an account may be unmined. */
  maxUnmined: number
  /** How often the chain’s head is read while a claim waits for it, in milliseconds. */
  interval: number
  /** How often the keeper looks for unsettled transactions where no event asks for it, in milliseconds. */
  keeperInterval: number
  /** The most that a transaction may offer per gas, in wei. */
  maxFeePerGas: bigint
  /** How many nonces others may use of a key before the node's counts are implausible. */
  foreignNonces: number
  /** How many days decided claims and their transactions are kept. */
  retentionDays: number
}

/** What the rooms of the relay share. */
export type RelayContext = RelaySettings & {
  pool: pg.Pool
  /** With the client for simulations and for the keeper's reads. */
  market: Market
  /** For broadcasts. */
  sender: PublicClient
  heads: Heads
  fees: () => Promise<Fees>
  finalBlock: FinalBlock
  nonceCheck: NonceCheck
  /** The accounts that may claim without a signature. Resolves once this process may act on what is stored. */
  relayers: () => Promise<Set<Address>>
  /** The accounts that can make the claim; none where it needs a signature that it lacks. */
  signersFor: (request: ClaimRequest) => Promise<Signer[]>
}
