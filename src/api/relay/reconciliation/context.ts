import type pg from 'pg'
import type { Logger } from 'pino'
import type { Address, PublicClient } from 'viem'
import type { Fees } from '../chain/fees.ts'
import type { FinalBlock } from '../chain/finality.ts'
import type { Heads } from '../chain/heads.ts'
import type { ClaimRequest, Market } from '../chain/market.ts'
import type { RelayEmitter } from '../events.ts'
import type { Allocator } from '../submission/allocation.ts'
import type { NonceCheck } from '../submission/nonceCheck.ts'
import type { Signer } from '../submission/signing.ts'

/** What the keeper works with. */
export type KeeperContext = {
  pool: pg.Pool
  market: Market
  /** For the broadcasts. */
  sender: PublicClient
  heads: Heads
  finalBlock: FinalBlock
  fees: () => Promise<Fees>
  /** The most that a replacement may offer per gas, in wei. */
  maxFeePerGas: bigint
  allocator: Allocator
  nonceCheck: NonceCheck
  /** The account of an address; undefined where this process lacks its key. */
  accountOf: (address: Address) => Signer | undefined
  /** Who can make the claim; empty where it needs a signature that it lacks. */
  signersFor: (request: ClaimRequest) => Promise<Signer[]>
  events: RelayEmitter
  logger: Logger
}
