import { setTimeout as sleep } from 'node:timers/promises'
import { type Address, type Hash, isAddressEqual, type PublicClient } from 'viem'
import { creationBlock } from './checks.ts'
import type { Creation } from './plan.ts'

/** How long a transaction may take to be mined; then the run fails, and the next run raises the fee. */
const MINING_TIMEOUT_SECONDS = 120
/** Polls without a receipt after the nonce was used: an endpoint with several nodes may show the receipt later. */
const LATE_RECEIPT_POLLS = 3

/** A contract on the chain. The hash is absent if no known transaction created it. */
export type Created = Creation & { hash?: Hash; block: number }

/**
 * The fees of the deployer's transaction of an earlier run that is still pending, if any.
 * @param hashes Every transaction signed to create the next contract.
 * @throws if another transaction of the deployer is pending.
 */
export async function pendingFees(client: PublicClient, address: Address, hashes: readonly Hash[]) {
  const known = await Promise.all(hashes.map((hash) => transactionOf(client, hash)))
  const isPending = (transaction: (typeof known)[number]) =>
    transaction?.blockHash === null && isAddressEqual(transaction.from, address)
  const own = known.findLast(isPending) ?? undefined
  const sent = await client.getTransactionCount({ address, blockTag: 'pending' })
  // Asked last: a transaction that is mined in between must not count as another's.
  const mined = await client.getTransactionCount({ address })
  const others = sent - mined - (own ? 1 : 0)
  if (others > 0) {
    const which = `${others} pending transaction(s), not of this deployment, from nonce ${sent - others} on`
    throw new Error(`${address} has ${which}: wait until they are mined`)
  }
  const { maxFeePerGas = 0, maxPriorityFeePerGas = 0 } = own ?? {}
  return own && { maxFeePerGas: BigInt(maxFeePerGas), maxPriorityFeePerGas: BigInt(maxPriorityFeePerGas) }
}

/** What the endpoint knows of a transaction; null if nothing. */
export const transactionOf = (client: PublicClient, hash: Hash) =>
  client.request({ method: 'eth_getTransactionByHash', params: [hash] })

/**
 * Finds the contract on the chain; undefined if it is absent. Code at its address can only be the planned one.
 * @param hashes Every transaction signed to create it.
 */
export async function findCreated(
  client: PublicClient,
  creation: Creation,
  hashes: readonly Hash[],
): Promise<Created | undefined> {
  const { address } = creation
  if (!(await client.getCode({ address }))) return undefined
  for (const hash of hashes) {
    const receipt = await client.request({ method: 'eth_getTransactionReceipt', params: [hash] })
    if (receipt?.status === '0x1') return { ...creation, hash, block: Number(receipt.blockNumber) }
  }
  return { ...creation, block: await creationBlock(client, address) }
}

/**
 * Waits until the contract is created.
 * @param sender The account and the nonce of the last one of `hashes`, which may all be mined.
 * @throws if its transaction reverted, if another one used the nonce, or if none is mined in time.
 */
export async function settle(
  client: PublicClient,
  creation: Creation,
  hashes: readonly Hash[],
  { address, nonce }: { address: Address; nonce: number },
): Promise<Created> {
  const { contract } = creation
  const what = `${contract} (nonce ${nonce} of ${address})`
  const deadline = Date.now() + MINING_TIMEOUT_SECONDS * 1_000
  for (let late = 0; late < LATE_RECEIPT_POLLS; await sleep(client.pollingInterval)) {
    // In this order: without a receipt after the nonce was used, another transaction used it, or the receipt is late.
    const isUsed = (await client.getTransactionCount({ address })) > nonce
    for (const hash of hashes) {
      const receipt = await client.request({ method: 'eth_getTransactionReceipt', params: [hash] })
      if (receipt?.status === '0x1') return { ...creation, hash, block: Number(receipt.blockNumber) }
      // The CREATE2 deployer reverts too where another account has created the contract just before.
      const found = receipt && (await findCreated(client, creation, []))
      if (found) return found
      if (receipt) throw new Error(`The deployment of ${contract} reverted: ${hash}`)
    }
    if (isUsed) late++
    else if (Date.now() > deadline)
      throw new Error(`${what} was not mined in ${MINING_TIMEOUT_SECONDS} seconds: ${hashes.at(-1)}`)
  }
  throw new Error(`${what} is not created: a transaction that is not of this deployment used the nonce`)
}
