import { size } from 'viem'
import { Problem } from '../../http/errors.ts'
import type { MarketCall } from './market.ts'

/** The most gas that a claim may take: what a batch gives an item, 100k of it for an ERC-1271 wallet, and its envelope. */
export const MAX_GAS = 300_000n

/** BountyMarket.claimBatch tries an item only while this much is left, of which an item and its event use no more. */
const ITEM_GAS_NEEDED = 270_000n
/** What claimBatch keeps back besides, for each item of the batch. */
const RESULT_GAS = 200n
/** What claimBatch takes before its first item and after its last, apart from the results. */
const BATCH_GAS = 5_000n

/** The price of a transaction as such, and of a byte of its data at most. Data's floor price (EIP-7623) is below ITEM_GAS_NEEDED. */
const [TRANSACTION_GAS, BYTE_GAS] = [21_000n, 16n]

/** With the data of a signed item: eleven words. */
const SIGNED_ITEM_GAS = ITEM_GAS_NEEDED + RESULT_GAS + BYTE_GAS * 352n

/** EIP-7825: no block takes a transaction with a higher limit. */
const MAX_TRANSACTION_GAS = 2n ** 24n

/**
 * The limit for a claim, which the block may make dearer than it was when it was tried: a fifth more, and the price of a
 * cold slot or two.
 * @param estimate what it took when it was tried.
 * @throws Problem CLAIM_REVERTED if it takes more than the relay pays for.
 */
export function gasLimit(estimate: bigint): bigint {
  if (estimate > MAX_GAS) {
    const detail = `The claim takes ${estimate} gas, and the relay pays for ${MAX_GAS}. Send it with the wallet.`
    throw new Problem('CLAIM_REVERTED', detail, { extensions: { gas: String(estimate), gasLimit: String(MAX_GAS) } })
  }
  const limit = (estimate * 6n) / 5n + 5_000n
  return limit < MAX_GAS ? limit : MAX_GAS
}

/** The limit with which every item of a batch is tried, even if all those before it use up what they are given. */
export const batchGasLimit = ({ data }: MarketCall, items: number): bigint =>
  TRANSACTION_GAS + BYTE_GAS * BigInt(size(data)) + BATCH_GAS + BigInt(items) * (ITEM_GAS_NEEDED + RESULT_GAS)

/** How many claims a transaction may make with so much gas; one, which goes alone, needs less. */
export function itemsWithin(gas: bigint): number {
  const items = (gas - TRANSACTION_GAS - BATCH_GAS) / SIGNED_ITEM_GAS
  return Math.max(1, Number(items))
}

/** The most gas that a transaction of so many claims needs: the reverse of `itemsWithin`. */
export const gasOfItems = (items: number): bigint =>
  items === 1 ? MAX_GAS : TRANSACTION_GAS + BATCH_GAS + BigInt(items) * SIGNED_ITEM_GAS

/** Such as leave half of the block to others: what does not fit into the rest of a block waits for the next. */
export function itemsOfBlock(blockGasLimit: bigint): number {
  const half = blockGasLimit / 2n
  return itemsWithin(half < MAX_TRANSACTION_GAS ? half : MAX_TRANSACTION_GAS)
}
