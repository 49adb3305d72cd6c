import type { Hex, PublicClient, TransactionReceipt } from 'viem'
import { answer, unavailable } from './client.ts'
import type { Heads } from './heads.ts'

/** How long the node's word on the priority fee is used. Milliseconds. */
const TIP_LIFETIME = 5_000

/** Wei per gas. */
export type Fees = { maxFeePerGas: bigint; maxPriorityFeePerGas: bigint }

/**
 * Prices transactions so that they stay minable while the base fee doubles, which takes at least six full blocks.
 * @param ceiling No transaction is offered more than this per gas, in wei.
 */
export function createFees(client: PublicClient, heads: Heads, ceiling: bigint) {
  let tip: { amount: bigint; askedAt: number } | undefined

  async function priorityFee() {
    const now = performance.now()
    if (!tip || now - tip.askedAt > TIP_LIFETIME) {
      tip = { amount: BigInt(await answer(client.request({ method: 'eth_maxPriorityFeePerGas' }))), askedAt: now }
    }
    return tip.amount
  }

  /** @throws Problem RELAY_UNAVAILABLE if the chain asks for more than the ceiling. */
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
 * The price of a replacement: what the chain asks for now, and at least an eighth above the last in both parts, without
 * which nodes keep the last.
 * @returns undefined if that is above the ceiling, or the chain asks for more than it.
 */
export function raised(last: Fees, now: Fees | undefined, ceiling: bigint): Fees | undefined {
  if (!now) return undefined
  const eighthMore = (wei: bigint) => (wei * 9n + 7n) / 8n
  const higher = (left: bigint, right: bigint) => (left > right ? left : right)
  const maxFeePerGas = higher(now.maxFeePerGas, eighthMore(last.maxFeePerGas))
  const maxPriorityFeePerGas = higher(now.maxPriorityFeePerGas, eighthMore(last.maxPriorityFeePerGas))
  return maxFeePerGas > ceiling ? undefined : { maxFeePerGas, maxPriorityFeePerGas }
}

/** What a transaction has cost, in wei. An OP Stack rollup names in `l1Fee` what it takes beside for the data (specs.optimism.io). */
export function feeOf({ gasUsed, effectiveGasPrice, ...rest }: TransactionReceipt): bigint {
  const { l1Fee } = rest as { l1Fee?: Hex }
  return gasUsed * effectiveGasPrice + BigInt(l1Fee ?? 0)
}
