import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Address,
  getAddress,
  type Hash,
  isAddressEqual,
  type PublicClient,
  type TransactionReceipt,
  TransactionReceiptNotFoundError,
} from 'viem'
import { firstBlock } from './firstBlock.ts'
import type { Creation } from './plan.ts'

/** How long a transaction may take to be mined; then the run fails, and the next run raises the fee. */
const MINING_TIMEOUT_MS = 120_000
/** Milliseconds between two progress lines during a wait. */
const REPORT_INTERVAL_MS = 3_000
/** Polls without a receipt after the nonce was used: an endpoint with several nodes may show the receipt later. */
const LATE_RECEIPT_POLLS = 3

export type Created = Creation & { hash: Hash; block: number }

type Context = { client: PublicClient; deployer: Address; onStep: (line: string) => void }

/**
 * Waits until the contract is created.
 * @param hashes Every transaction signed to create it; they share its nonce.
 * @throws if another transaction used the nonce, if the creation reverted, or if it is not mined in time.
 */
export async function settle(context: Context, creation: Creation, hashes: readonly Hash[]): Promise<Created> {
  const { client, deployer, onStep } = context
  const started = Date.now()
  let reported = started
  for (let late = 0; late < LATE_RECEIPT_POLLS; ) {
    // In this order: without a receipt after the nonce was used, another transaction used it, or the receipt is late.
    const used = (await client.getTransactionCount({ address: deployer })) > creation.nonce
    const receipt = await receiptOfAny(client, hashes)
    if (receipt) return createdBy(receipt, creation)
    if (used) late++
    else if (Date.now() - started > MINING_TIMEOUT_MS) throw notMined(creation, hashes)
    if (Date.now() - reported > REPORT_INTERVAL_MS) {
      onStep(`Waiting for ${creation.contract}: ${hashes.at(-1)}`)
      reported = Date.now()
    }
    await sleep(client.pollingInterval)
  }
  throw await foreignTransaction(client, deployer, creation)
}

async function receiptOfAny(client: PublicClient, hashes: readonly Hash[]): Promise<TransactionReceipt | undefined> {
  for (const hash of hashes) {
    try {
      return await client.getTransactionReceipt({ hash })
    } catch (error) {
      if (!(error instanceof TransactionReceiptNotFoundError)) throw error
    }
  }
  return undefined
}

function createdBy(receipt: TransactionReceipt, creation: Creation): Created {
  const { transactionHash: hash, status, contractAddress, blockNumber } = receipt
  if (status !== 'success') throw new Error(`The deployment of ${creation.contract} reverted: ${hash}`)
  if (!contractAddress || !isAddressEqual(contractAddress, creation.address)) {
    throw new Error(`${creation.contract} is at ${contractAddress}, but was expected at ${creation.address}: ${hash}`)
  }
  return { ...creation, address: getAddress(contractAddress), hash, block: Number(blockNumber) }
}

function notMined({ contract, nonce }: Creation, hashes: readonly Hash[]) {
  return new Error(
    `${contract} (nonce ${nonce}) was not mined in ${MINING_TIMEOUT_MS / 1_000} seconds: ${hashes.at(-1)}`,
  )
}

/** Names the transaction that used the nonce, if the endpoint still has the state of its block. */
async function foreignTransaction(client: PublicClient, deployer: Address, { contract, nonce }: Creation) {
  const what = `Nonce ${nonce} of ${deployer}, planned for ${contract}, was used by`
  try {
    const blockNumber = await firstBlock(await client.getBlockNumber(), async (block) => {
      return (await client.getTransactionCount({ address: deployer, blockNumber: block })) > nonce
    })
    const { transactions } = await client.getBlock({ blockNumber, includeTransactions: true })
    const user = transactions.find((other) => isAddressEqual(other.from, deployer) && other.nonce === nonce)
    // An EIP-7702 authorization uses a nonce too, and has no transaction of its own.
    const name = user ? `transaction ${user.hash}` : 'an authorization'
    return new Error(`${what} ${name} in block ${blockNumber}, which is not of this deployment`)
  } catch (cause) {
    return new Error(`${what} a transaction that is not of this deployment`, { cause })
  }
}
