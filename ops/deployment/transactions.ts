import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Address,
  type Hash,
  type Hex,
  keccak256,
  type PublicClient,
  TransactionNotFoundError,
  TransactionReceiptNotFoundError,
} from 'viem'
import type { Creation } from './plan.ts'

/** How long a transaction may take to be mined; then the run fails, and the next run raises the fee. */
const MINING_TIMEOUT_MS = 120_000
/** Polls without a receipt after the nonce was used: an endpoint with several nodes may show the receipt later. */
const LATE_RECEIPT_POLLS = 3

export type Created = Creation & { hash: Hash; block: number }

type Context = { client: PublicClient; deployer: Address; onStep: (line: string) => void }

/**
 * The transaction of an earlier run that is still pending, if any.
 * @param next The contract to be created next.
 * @param hashes Every transaction signed to create it; they share its nonce.
 * @throws if the deployer is not at the creation's nonce yet, or if another transaction of the deployer is pending.
 */
export async function pendingTransaction(context: Context, next: Creation, hashes: readonly Hash[]) {
  const { client, deployer, onStep } = context
  const mined = await client.getTransactionCount({ address: deployer })
  // A higher nonce is fine: `settle` finds out whether another transaction used this one.
  if (mined < next.nonce)
    throw new Error(`${next.contract} is planned with nonce ${next.nonce}, but ${deployer} is at nonce ${mined}`)
  const known = await Promise.all(hashes.map((hash) => ifKnown(client.getTransaction({ hash }))))
  const own = known.findLast((transaction) => transaction?.blockHash === null)
  const sent = await client.getTransactionCount({ address: deployer, blockTag: 'pending' })
  const foreign = sent - mined - (own ? 1 : 0)
  if (foreign > 0) {
    throw new Error(
      `${deployer} has ${foreign} pending transaction(s), not of this deployment, from nonce ${sent - foreign} on: ` +
        'wait until they are mined',
    )
  }
  if (own) onStep(`${next.contract} is pending; its fee is raised`)
  return own
}

/** Sends a signed transaction. @throws if the endpoint does not take it. */
export async function broadcast({ client, deployer }: Context, { contract, nonce }: Creation, bytes: Hex) {
  try {
    await client.sendRawTransaction({ serializedTransaction: bytes })
  } catch (cause) {
    // If only the endpoint's answer was lost, it has the transaction. If another transaction used the nonce, `settle`
    // reports that.
    const known = await ifKnown(client.getTransaction({ hash: keccak256(bytes) }))
    const used = await client.getTransactionCount({ address: deployer })
    if (!known && used <= nonce) throw new Error(`${contract} (nonce ${nonce}) was not taken by RPC_URL`, { cause })
  }
}

/**
 * Waits until the contract is created.
 * @param hashes Every transaction signed to create it; they share its nonce.
 * @throws if another transaction used the nonce, if the creation reverted, or if it is not mined in time.
 */
export async function settle(context: Context, creation: Creation, hashes: readonly Hash[]): Promise<Created> {
  const { client, deployer } = context
  const { contract, nonce } = creation
  const deadline = Date.now() + MINING_TIMEOUT_MS
  for (let late = 0; late < LATE_RECEIPT_POLLS; await sleep(client.pollingInterval)) {
    // In this order: without a receipt after the nonce was used, another transaction used it, or the receipt is late.
    const isUsed = (await client.getTransactionCount({ address: deployer })) > nonce
    const receipts = await Promise.all(hashes.map((hash) => ifKnown(client.getTransactionReceipt({ hash }))))
    const receipt = receipts.find((found) => found !== undefined)
    if (receipt) {
      const { transactionHash: hash, status, blockNumber } = receipt
      if (status !== 'success') throw new Error(`The deployment of ${contract} reverted: ${hash}`)
      return { ...creation, hash, block: Number(blockNumber) }
    }
    if (isUsed) late++
    else if (Date.now() > deadline) {
      const seconds = MINING_TIMEOUT_MS / 1_000
      throw new Error(`${contract} (nonce ${nonce}) was not mined in ${seconds} seconds: ${hashes.at(-1)}`)
    }
  }
  throw new Error(
    `Nonce ${nonce} of ${deployer}, planned for ${contract}, was used by a transaction that is not of this deployment`,
  )
}

/** The answer; undefined if the endpoint does not know the transaction. */
function ifKnown<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  return answer.catch((error: unknown) => {
    if (error instanceof TransactionNotFoundError || error instanceof TransactionReceiptNotFoundError) return undefined
    throw error
  })
}
