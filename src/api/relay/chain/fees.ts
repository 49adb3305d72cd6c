import type { Hex, PublicClient, TransactionReceipt } from 'viem'
import { reuseResult } from '../../reuseResult.ts'
import { answer, unavailable } from './client.ts'
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

  /** @throws Problem RELAY_UNAVAILABLE if the chain's price is above the ceiling. */
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

/** The cost of a mined transaction, in wei. `l1Fee` is the data fee of an OP Stack rollup (specs.optimism.io). */
export function feeOf({ gasUsed, effectiveGasPrice, ...rest }: TransactionReceipt): bigint {
  const { l1Fee } = rest as { l1Fee?: Hex }
  return gasUsed * effectiveGasPrice + BigInt(l1Fee ?? 0)
}
