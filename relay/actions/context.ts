import type { EventEmitter } from 'node:events'
import type pg from 'pg'
import type { Logger } from 'pino'
import type { Fees } from '../chain/fees.ts'
import type { Heads } from '../chain/heads.ts'
import type { Market } from '../chain/market.ts'
import type { NextBlock } from '../chain/nextBlock.ts'
import type { FeesPaid } from '../feesPaid.ts'
import type { Signer } from '../sender/keys/signing.ts'
import type { SpendingLimits } from '../store/spending.ts'
import type { WalletLimits } from '../store/walletLimits.ts'
import type { ActionEvents } from './events.ts'

/** What the modules for actions share. */
export type ActionsContext = {
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
  /** Resolves once this process may send: the node and the database are of the deployment's chain. */
  whenReady: () => Promise<unknown>
  /** The smallest reward of a run whose actions are made, in USDC base units. */
  leastReward: bigint
  walletLimits: WalletLimits
  spendingLimits: SpendingLimits
  feesPaid: FeesPaid
  /** The interval between reads of the chain’s head while an action waits, in milliseconds. */
  interval: number
  events: Pick<EventEmitter<ActionEvents>, 'emit'> & {
    on: (name: 'actionDecided', listener: (...decided: ActionEvents['actionDecided']) => void) => unknown
  }
  logger: Logger
}
