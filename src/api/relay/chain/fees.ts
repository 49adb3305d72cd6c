import { encodeFunctionData, type Hex, hexToBigInt, type PublicClient, parseAbi, type TransactionReceipt } from 'viem'
import { reuseResult } from '../../../../core/reuseResult.ts'
import { unavailable } from '../refusal.ts'
import { answer, revertOf } from './client.ts'
import type { Heads } from './heads.ts'

/** How long a priority fee from the node is reused. */
const TIP_LIFETIME_MS = 5_000

/** Wei per gas. */
export type Fees = { maxFeePerGas: bigint; maxPriorityFeePerGas: bigint }

/**
 * Prices transactions so that they stay minable while the base fee doubles, which takes at least six full blocks.
 * @param ceiling the most that a transaction offers per gas, in wei.
 */
export function createFees(client: PublicClient, heads: Heads, ceiling: bigint) {
  const priorityFee = reuseResult(TIP_LIFETIME_MS, async () =>
    BigInt(await answer(client.request({ method: 'eth_maxPriorityFeePerGas' }))),
  )

  /** @throws Refusal RELAY_UNAVAILABLE if the chain's price is above the ceiling. */
  return async function fees(): Promise<Fees> {
    const [{ baseFeePerGas }, maxPriorityFeePerGas] = await Promise.all([heads.latest(), priorityFee()])
    if (baseFeePerGas + maxPriorityFeePerGas > ceiling) {
      throw unavailable('The chain’s fees are above what the relay may pay.', undefined, 30)
    }
    const wanted = 2n * baseFeePerGas + maxPriorityFeePerGas
    return { maxFeePerGas: wanted < ceiling ? wanted : ceiling, maxPriorityFeePerGas }
  }
}

/**
 * The price of a replacement: the chain's current price, but at least an eighth more than the last attempt in both
 * parts, because nodes refuse a smaller increase.
 */
export function replacementFees(last: Fees, now: Fees): Fees {
  const eighthMore = (wei: bigint) => (wei * 9n + 7n) / 8n
  const higher = (left: bigint, right: bigint) => (left > right ? left : right)
  return {
    maxFeePerGas: higher(now.maxFeePerGas, eighthMore(last.maxFeePerGas)),
    maxPriorityFeePerGas: higher(now.maxPriorityFeePerGas, eighthMore(last.maxPriorityFeePerGas)),
  }
}

/**
 * Whether a replacement offers at most four times the base fee and the tip that the chain asks for, which leaves room for
 * six increases. An endpoint that withholds a transaction must not raise its price to the ceiling of all transactions.
 * @param now the current price, which has the base fee twice.
 */
export const isFairReplacement = (price: Fees, now: Fees): boolean =>
  price.maxFeePerGas <= 2n * (now.maxFeePerGas + now.maxPriorityFeePerGas)

/** The cost of a mined transaction, in wei. `l1Fee` is the data fee of an OP Stack rollup (specs.optimism.io). */
export function paidFee({ gasUsed, effectiveGasPrice, ...rest }: TransactionReceipt): bigint {
  const { l1Fee } = rest as { l1Fee?: Hex }
  return gasUsed * effectiveGasPrice + BigInt(l1Fee ?? 0)
}

/** The predeploy of OP Stack chains that prices what a transaction costs beside its gas. https://specs.optimism.io */
const ORACLE = '0x420000000000000000000000000000000000000F'

const oracleAbi = parseAbi([
  'function getL1FeeUpperBound(uint256 unsignedSize) view returns (uint256)',
  'function getOperatorFee(uint256 gasUsed) view returns (uint256)',
])

/** How long an answer is reused. L1's base fee changes by at most an eighth within its block time of 12 seconds. */
const L1_FEE_LIFETIME_MS = 10_000

/**
 * The most that a transaction costs beside its gas, at the current prices, in wei: the fee for its data on L1, and the
 * operator fee. Both are 0 on chains without the OP Stack's oracle, and a fee that the oracle does not know is 0.
 * @param bytes of the transaction without its signature.
 * @returns a function that throws Refusal RELAY_UNAVAILABLE if the node does not answer.
 */
export const createL1Fee = (
  client: PublicClient,
  { bytes, gas }: { bytes: bigint; gas: bigint },
): (() => Promise<bigint>) =>
  reuseResult(L1_FEE_LIFETIME_MS, async () => {
    const [data, operator] = await Promise.all([
      askOracle(client, encodeFunctionData({ abi: oracleAbi, functionName: 'getL1FeeUpperBound', args: [bytes] })),
      askOracle(client, encodeFunctionData({ abi: oracleAbi, functionName: 'getOperatorFee', args: [gas] })),
    ])
    return data + operator
  })

async function askOracle(client: PublicClient, data: Hex): Promise<bigint> {
  try {
    const { data: fee } = await answer(client.call({ to: ORACLE, data }))
    return fee === undefined ? 0n : hexToBigInt(fee)
  } catch (error) {
    if (revertOf(error)) return 0n
    throw error
  }
}
