import { type Hash, type PublicClient, TransactionNotFoundError } from 'viem'

/** In wei per gas. */
export type Fees = { maxFeePerGas: bigint; maxPriorityFeePerGas: bigint }

export type Prices = {
  fees: Fees
  /** The current price, in wei per gas. */
  current: bigint
}

/**
 * Fees that still suffice when the base fee doubles.
 * @param pending The fees of a transaction to be replaced: nodes require both to rise by an eighth.
 */
export async function currentPrices(client: PublicClient, pending: Fees | undefined): Promise<Prices> {
  const [{ baseFeePerGas }, tip] = await Promise.all([client.getBlock(), client.estimateMaxPriorityFeePerGas()])
  if (baseFeePerGas === null) throw new Error('RPC_URL serves a chain without EIP-1559')
  const maxPriorityFeePerGas = atLeastRaised(tip, pending?.maxPriorityFeePerGas)
  const maxFeePerGas = atLeastRaised(2n * baseFeePerGas + maxPriorityFeePerGas, pending?.maxFeePerGas)
  return { fees: { maxFeePerGas, maxPriorityFeePerGas }, current: baseFeePerGas + maxPriorityFeePerGas }
}

function atLeastRaised(fee: bigint, replaced = 0n): bigint {
  const raised = (replaced * 9n + 7n) / 8n
  return fee > raised ? fee : raised
}

/** The fees of the latest of these transactions that is pending at the endpoint, if any. */
export async function pendingFees(client: PublicClient, hashes: readonly Hash[]): Promise<Fees | undefined> {
  for (const hash of hashes.toReversed()) {
    try {
      const { blockHash, maxFeePerGas, maxPriorityFeePerGas } = await client.getTransaction({ hash })
      if (blockHash === null && maxFeePerGas && maxPriorityFeePerGas) return { maxFeePerGas, maxPriorityFeePerGas }
    } catch (error) {
      if (!(error instanceof TransactionNotFoundError)) throw error
    }
  }
  return undefined
}
