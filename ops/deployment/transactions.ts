import { setTimeout as sleep } from 'node:timers/promises'
import type { Hash, PublicClient } from 'viem'
import type { Creation } from './plan.ts'

/** How long a transaction may take to be mined; then the run fails, and the next run raises the fee. */
const MINING_TIMEOUT_SECONDS = 120
/** Polls without a receipt after the nonce was used: an endpoint with several nodes may show the receipt later. */
const LATE_RECEIPT_POLLS = 3

export type Created = Creation & { hash: Hash; block: number }

/**
 * The fees of the transaction of an earlier run that is still pending, if any.
 * @param hashes Every transaction signed to create this contract, the next one; they share its nonce.
 * @throws if the deployer is not at the creation's nonce yet, or if another transaction of the deployer is pending.
 */
export async function pendingFees(client: PublicClient, creation: Creation, hashes: readonly Hash[]) {
  const { contract, deployer: address, nonce } = creation
  const known = await Promise.all(hashes.map((hash) => transactionOf(client, hash)))
  const own = known.findLast((transaction) => transaction?.blockHash === null) ?? undefined
  const sent = await client.getTransactionCount({ address, blockTag: 'pending' })
  // Asked last: a transaction that is mined in between must not count as another's. A higher nonce than the creation's
  // is fine: `settle` finds out whether another transaction used it.
  const mined = await client.getTransactionCount({ address })
  if (mined < nonce) throw new Error(`${contract} is planned with nonce ${nonce}, but ${address} is at nonce ${mined}`)
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
 * Waits until the contract is created.
 * @param hashes Every transaction signed to create it; they share its nonce.
 * @throws if another transaction used the nonce, if the creation reverted, or if it is not mined in time.
 */
export async function settle(client: PublicClient, creation: Creation, hashes: readonly Hash[]): Promise<Created> {
  const { contract, deployer, nonce } = creation
  const what = `${contract} (nonce ${nonce} of ${deployer})`
  const deadline = Date.now() + MINING_TIMEOUT_SECONDS * 1_000
  for (let late = 0; late < LATE_RECEIPT_POLLS; await sleep(client.pollingInterval)) {
    // In this order: without a receipt after the nonce was used, another transaction used it, or the receipt is late.
    const isUsed = (await client.getTransactionCount({ address: deployer })) > nonce
    for (const hash of hashes) {
      const receipt = await client.request({ method: 'eth_getTransactionReceipt', params: [hash] })
      if (receipt?.status === '0x1') return { ...creation, hash, block: Number(receipt.blockNumber) }
      if (receipt) throw new Error(`The deployment of ${contract} reverted: ${hash}`)
    }
    if (isUsed) late++
    else if (Date.now() > deadline)
      throw new Error(`${what} was not mined in ${MINING_TIMEOUT_SECONDS} seconds: ${hashes.at(-1)}`)
  }
  const problem = `${what} cannot be created: a transaction that is not of this deployment used the nonce`
  throw new Error(`${problem}. Move the journal away to start a new deployment.`)
}
