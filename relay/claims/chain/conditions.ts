import {
  BaseError,
  formatTransactionRequest,
  type Hex,
  hexToBigInt,
  InvalidParamsRpcError,
  numberToHex,
} from 'viem'
import { refusalIn } from '../../chain/client.ts'
import type { Fees } from '../../chain/fees.ts'
import type { NextBlock } from '../../chain/nextBlock.ts'
import { attempt, type Market, type MarketCall } from './market.ts'

/**
 * What the transaction of a call and its block will be. A wallet's code can read them, so a simulation without them may
 * differ from the block. `gas`: the most that the transaction may use.
 */
export type Conditions = { gas: bigint; fees?: Fees; block?: NextBlock }

/** Simulates the call on the latest state. */
export const tryCallUnder = ({ client }: Market, { from, to, data }: MarketCall, conditions: Conditions) =>
  attempt(
    withAccepted(conditions, ({ gas, fees, block }) =>
      client.call({ account: from, to, data, gas, ...fees, ...(block && { blockOverrides: block }) }),
    ),
  )

/** Simulates the call after the node's pending transactions. @returns the gas that it takes. */
export const tryNextUnder = ({ client }: Market, { from, to, data }: MarketCall, conditions: Conditions) =>
  attempt(
    withAccepted(conditions, async ({ gas, fees, block }) => {
      const call = formatTransactionRequest({ from, to, data, gas, ...fees })
      const overrides = block ? [{}, overridesOf(block)] : []
      const params = [call, 'pending', ...overrides]
      return hexToBigInt(await client.request<EstimateGas>({ method: 'eth_estimateGas', params }))
    }),
  )

/** viem's type of the method lacks the overrides of the block: Geth has them since 1.15, Reth and Nethermind since 2026. */
type EstimateGas = { Method: 'eth_estimateGas'; Parameters: unknown[]; ReturnType: Hex }

const overridesOf = ({ number, time, baseFeePerGas }: NextBlock) => ({
  number: numberToHex(number),
  time: numberToHex(time),
  baseFeePerGas: numberToHex(baseFeePerGas),
})

/** How nodes report that the sender cannot pay for the gas limit: Geth, Erigon, Reth, Anvil; Nethermind; Besu. */
const UNFUNDED = /insufficient (funds|sender balance)|upfront cost exceeds/i

/**
 * Asks under the conditions, or without those that the node refuses: a block's fields that it cannot override, and a
 * price that the sender cannot pay. Then the sender's transaction is not sent anyway.
 */
async function withAccepted<T>(conditions: Conditions, ask: (accepted: Conditions) => Promise<T>): Promise<T> {
  try {
    return await ask(conditions)
  } catch (error) {
    const refused = error instanceof BaseError ? refusalIn(error) : undefined
    if (!refused) throw error
    const { block, fees, gas } = conditions
    if (block && refused.code === InvalidParamsRpcError.code) return withAccepted({ gas, ...(fees && { fees }) }, ask)
    if (fees && UNFUNDED.test(refused.details)) return withAccepted({ gas, ...(block && { block }) }, ask)
    throw error
  }
}
