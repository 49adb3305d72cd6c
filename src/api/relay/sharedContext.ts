import type pg from 'pg'
import type { Logger } from 'pino'
import type { Fees } from './chain/fees.ts'
import type { Heads } from './chain/heads.ts'
import type { Market } from './chain/market.ts'
import type { NextBlock } from './chain/nextBlock.ts'
import type { IndexedRuns } from './chain/views.ts'
import type { FeesPaid } from './feesPaid.ts'
import type { WalletLimits } from './ledger/limits.ts'
import type { SpendingLimits } from './ledger/spending.ts'
import type { Signer } from './sender/keys/signing.ts'

/** What the modules for claims and those for actions share. */
export type SharedContext = {
  /** The market, by the client for simulations and the keeper's reads. */
  market: Market
  heads: Heads
  /** Runs and agents in the index, if there is one: what it refuses asks no node. */
  indexedRuns?: IndexedRuns | undefined
  /** The price of a transaction now. */
  fees: () => Promise<Fees>
  nextBlock: () => Promise<NextBlock>
  pool: pg.Pool
  /** The accounts of the signers. The list grows while a remote key's store does not answer at the start. */
  accounts: readonly Signer[]
  /** The smallest reward of a run whose claims and actions are made, in USDC base units. */
  leastReward: bigint
  walletLimits: WalletLimits
  spendingLimits: SpendingLimits
  feesPaid: FeesPaid
  /** The interval between reads of the chain’s head while a request waits, in milliseconds. */
  interval: number
  logger: Logger
}
