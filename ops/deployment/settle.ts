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

/** Milliseconds within which a transaction should be mined; then the run ends, and the next one raises its fee. */
const PATIENCE = 120_000
/** Milliseconds after which waiting is worth a word, and then again each time. */
const SILENCE = 3_000
/** How often an endpoint with several nodes behind it may show a nonce as used before it shows the receipt. */
const LATE_RECEIPTS = 3

export type Created = Creation & { hash: Hash; block: number }

type Context = { client: PublicClient; deployer: Address; onStep: (line: string) => void }

/**
 * Waits until the contract is there.
 * @param hashes Every transaction that was signed to create it; they share its nonce.
 * @throws if its nonce went to a transaction that is not among them, if it reverted, or if nothing is mined for long.
 */
export async function settle(context: Context, creation: Creation, hashes: readonly Hash[]): Promise<Created> {
  const { client, deployer, onStep } = context
  const started = Date.now()
  let spoken = started
  for (let late = 0; late < LATE_RECEIPTS; ) {
    // In this order: a receipt that is missing after its nonce was used is missing for good, or late.
    const used = (await client.getTransactionCount({ address: deployer })) > creation.nonce
    const receipt = await receiptOfAny(client, hashes)
    if (receipt) return createdBy(receipt, creation)
    if (used) late++
    else if (Date.now() - started > PATIENCE) throw notMined(creation, hashes)
    if (Date.now() - spoken > SILENCE) {
      onStep(`Waiting for ${creation.contract}: ${hashes.at(-1)}`)
      spoken = Date.now()
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
    throw new Error(`${creation.contract} is at ${contractAddress}, not at ${creation.address}: ${hash}`)
  }
  return { ...creation, address: getAddress(contractAddress), hash, block: Number(blockNumber) }
}

function notMined({ contract, nonce }: Creation, hashes: readonly Hash[]) {
  return new Error(`${contract} (nonce ${nonce}) was not mined in ${PATIENCE / 1_000} seconds: ${hashes.at(-1)}`)
}

/** Names the transaction that took the nonce, if the endpoint remembers so far back. */
async function foreignTransaction(client: PublicClient, deployer: Address, { contract, nonce }: Creation) {
  const what = `Nonce ${nonce} of ${deployer}, meant for ${contract}, went to`
  try {
    const blockNumber = await firstBlock(await client.getBlockNumber(), async (block) => {
      return (await client.getTransactionCount({ address: deployer, blockNumber: block })) > nonce
    })
    const { transactions } = await client.getBlock({ blockNumber, includeTransactions: true })
    const taker = transactions.find((other) => isAddressEqual(other.from, deployer) && other.nonce === nonce)
    // An EIP-7702 authorization uses a nonce too, and has no transaction of its own.
    const name = taker ? `transaction ${taker.hash}` : 'an authorization'
    return new Error(`${what} ${name} in block ${blockNumber}, which is not of this deployment`)
  } catch (cause) {
    return new Error(`${what} a transaction that is not of this deployment`, { cause })
  }
}
