import { type Address, size } from 'viem'
import type { Market, MarketCall } from '../../chain/market.ts'
import { CONTRACT_WALLET_GAS } from '../../chain/signatures.ts'
import type { Call } from '../../sender/keys/signing.ts'
import { batchCall, type ClaimRequest } from './message.ts'

/** The most gas that a claim takes which a key has signed, in a transaction of its own, with every slot cold. */
const PLAIN_CLAIM_GAS = 100_000n

/** A claim takes more gas, whatever its wallet does. */
const LEAST_CLAIM_GAS = 60_000n

/** The most gas of a claim. */
export const MAX_GAS = PLAIN_CLAIM_GAS + CONTRACT_WALLET_GAS

/**
 * BountyMarket.claimBatch tries an item only if this much gas is left, which is the most that an item and its event
 * use.
 */
const ITEM_GAS_NEEDED = 270_000n
/** The gas that claimBatch reserves for the result of each item. */
const RESULT_GAS = 200n
/** The gas of claimBatch before its first item and after its last, without the results. */
const BATCH_GAS = 5_000n

/** The gas of a transaction itself. */
const TRANSACTION_GAS = 21_000n
/** The most gas per byte of a transaction's data. The floor price of data (EIP-7623) is lower. */
const BYTE_GAS = 16n

/** Includes the data of a signed item: eleven words. */
const SIGNED_ITEM_GAS = ITEM_GAS_NEEDED + RESULT_GAS + BYTE_GAS * 352n

/** The most gas that one claim's part of a transaction may take. */
export const MOST_RESERVED_GAS = SIGNED_ITEM_GAS

/** The gas of a claim's part of its transaction. @param gas the limit of a transaction with this claim only. */
export const reservedGas = ({ runsWalletCode, gas }: { runsWalletCode: boolean; gas: bigint }): bigint =>
  runsWalletCode ? gas : SIGNED_ITEM_GAS

/** The least that a claim's part of its transaction takes: a wallet's contract may let it use less than its limit. */
export const leastReservedGas = ({ runsWalletCode }: { runsWalletCode: boolean }): bigint =>
  runsWalletCode ? LEAST_CLAIM_GAS : SIGNED_ITEM_GAS

/** What one signed claim takes: ten words of data, and up to 60 bytes of its transaction beside them. */
export const ONE_CLAIM = { bytes: 400n, gas: MAX_GAS }

/** The gas limit with which claimBatch tries every item, even if all earlier items use their maximum. */
export const batchGasLimit = ({ data }: MarketCall, items: number): bigint =>
  TRANSACTION_GAS + BYTE_GAS * BigInt(size(data)) + BATCH_GAS + BigInt(items) * (ITEM_GAS_NEEDED + RESULT_GAS)

/** The call with which `from` makes several claims. */
export function claimsCall(market: Market, from: Address, requests: readonly ClaimRequest[]): Call {
  const call = batchCall(market, from, requests)
  return { ...call, gas: batchGasLimit(call, requests.length) }
}

/** The most claims of a transaction with so much gas. A single claim is not sent as a batch and needs less. */
export const itemsWithin = (gas: bigint): number =>
  Math.max(1, Number((gas - TRANSACTION_GAS - BATCH_GAS) / SIGNED_ITEM_GAS))

/** The most gas that a transaction with so many claims needs. */
export const gasOfItems = (items: number): bigint =>
  items === 1 ? MAX_GAS : TRANSACTION_GAS + BATCH_GAS + BigInt(items) * SIGNED_ITEM_GAS
