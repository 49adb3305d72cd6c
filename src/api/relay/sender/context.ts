import type { EventEmitter } from 'node:events'
import type pg from 'pg'
import type { Logger } from 'pino'
import type { Address, Hash, PublicClient } from 'viem'
import type { Fees } from '../chain/fees.ts'
import type { ChainHead, FinalBlock, Heads } from '../chain/heads.ts'
import type { Signer } from './keys/signing.ts'
import type { NonceCheck } from './nonceCheck.ts'
import type { Lease } from './store/leases.ts'
import type { Broadcast } from './store/transactions.ts'

/** What the modules of the sender share. */
export type SenderContext = {
  chainId: number
  /** The client for the keeper's reads. */
  client: PublicClient
  /** The client for broadcasts. */
  broadcaster: PublicClient
  heads: Heads
  fees: () => Promise<Fees>
  /** The gas of the smallest call that is worth a transaction. A signer that cannot pay for it sends none. */
  leastGas: bigint
  /** The most that such a call costs beside its gas on a rollup, in wei. */
  l1Fee: () => Promise<bigint>
  finalBlock: FinalBlock
  /** The primary, because signed transactions are stored in its schema `relay`. */
  databaseUrl: string
  pool: pg.Pool
  /** The accounts of the signers. They need only gas, no role. Signers of remote keys are added once their store answers. */
  accounts: Signer[]
  nonceCheck: NonceCheck
  /**
   * The most that each signer spends on gas within 24 hours, in wei. Beyond it, signed transactions are still resent, but not
   * replaced at a higher price.
   */
  dailyBudget: bigint
  /** The most unmined transactions of an account. */
  maxUnmined: number
  /** The most that a transaction may offer per gas, in wei. */
  maxFeePerGas: bigint
  /** How often the keeper checks for unsettled transactions without an event, in milliseconds. */
  keeperInterval: number
  /** Resolves once this process may act on what is stored: the node and the database are of the deployment's chain. */
  whenReady: () => Promise<unknown>
  events: Pick<EventEmitter<SenderEvents>, 'emit'>
  logger: Logger
}

/** The state of one reconciliation of a signer. */
export type Turn = SenderContext & {
  lease: Lease
  head: ChainHead
  /** The signer's account; undefined if this process lacks its key. */
  account: Signer | undefined
}

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
