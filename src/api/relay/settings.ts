import type { Logger } from 'pino'
import type { Deployment } from '../../../core/deployment.ts'
import type { Endpoints } from '../../../core/node/endpoints.ts'
import type { IndexedRuns } from './chain/views.ts'
import type { RelayEmitter } from './events.ts'
import type { IndexedUnstakers } from './kinds/accounts/examine.ts'
import type { IndexedCalls } from './kinds/open/known.ts'
import type { WalletLimits } from './ledger/limits.ts'
import type { Shares } from './ledger/spending.ts'
import type { IndexedClaims } from './pipeline/context.ts'
import type { RemoteKey } from './sender/keys/remoteKeys.ts'
import type { Signer } from './sender/keys/signing.ts'

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
   * The most that each signer spends on gas within 24 hours, in wei. Beyond it, signed transactions are still resent, but not
   * replaced at a higher price.
   */
  dailyBudget: bigint
  /** Whether a devnet's relayer may make claims without the wallet’s signature. */
  allowUnsigned: boolean
  /** The smallest reward of a run whose claims are made, in USDC base units. */
  leastReward: bigint
  /** The smallest reward of a run that is posted, in USDC base units. */
  leastPost: bigint
  walletLimits: WalletLimits
  shares: Shares
  logger: Logger
  /** Claims in the index, if there is one: it may show a claim before its receipt is read. */
  indexedClaims?: IndexedClaims
  /** Runs and agents in the index, if there is one: what it refuses asks no node. */
  indexedRuns?: IndexedRuns
  /** What anyone may ask for, in the index, if there is one: what it refuses asks no node. */
  indexedCalls?: IndexedCalls
  /** Who may unstake, in the index, if there is one. */
  indexedUnstakers?: IndexedUnstakers
  /** Emits events, for metrics, logs and traces. */
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
