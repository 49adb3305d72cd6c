import {
  type Address,
  BaseError,
  formatTransactionRequest,
  type Hex,
  hexToBigInt,
  InvalidParamsRpcError,
  numberToHex,
} from 'viem'
import type { Refusal } from '../refusal.ts'
import { refusalIn, revertOf } from './client.ts'
import type { Fees } from './fees.ts'
import { attempt, type Failure, type Market, type MarketCall, type Trial, tryCall, tryNext } from './market.ts'
import type { NextBlock } from './nextBlock.ts'

/**
 * What the transaction of a call and its block will be. A wallet's code can read them, so a simulation without them may
 * differ from the block. `gas`: the most that the transaction may use; `tooMuchGas`: the refusal of a call that uses more.
 */
export type Conditions = { gas: bigint; tooMuchGas: () => Refusal; fees?: Fees; block?: NextBlock }

/** A call on the latest block, and in the pending block with the gas that it uses there. */
type Trials = { now: Trial; next: Trial<bigint> }

/**
 * - `passes`: the call passes in the pending block, and uses `gas` there.
 * - `fails`: it fails whether or not the pending transactions are mined.
 * - `undecided`: a pending transaction or the clock decides it. `failure` is the answer if no block comes in time.
 */
export type Verdict =
  | { result: 'passes'; gas: bigint }
  | { result: 'fails'; failure: Failure }
  | { result: 'undecided'; failure: Failure | undefined }

/**
 * Simulates a call on the latest block and in the pending block. The latest block alone would pass calls that lose
 * against a pending transaction. The pending block alone would refuse calls because of a transaction that is never
 * mined.
 * @param conditions of a call that runs code of a wallet. The market alone reads no other field than the time.
 */
export async function tryNowAndNext(market: Market, call: MarketCall, conditions?: Conditions): Promise<Trials> {
  const [now, next] = await Promise.all([
    conditions ? tryCallUnder(market, call, conditions) : tryCall(market, call, 'latest'),
    conditions ? tryNextUnder(market, call, conditions) : tryNext(market, call),
  ])
  return { now, next }
}

export function verdictOf({ now, next }: Trials): Verdict {
  if ('passed' in next) {
    if ('passed' in now || isCuredByTime(now.failure)) return { result: 'passes', gas: next.passed }
    return { result: 'undecided', failure: now.failure }
  }
  if ('passed' in now) {
    return { result: 'undecided', failure: isDoomedByTime(next.failure) ? next.failure : undefined }
  }
  const timeDecides = isCuredByTime(now.failure) || isDoomedByTime(next.failure)
  return { result: 'fails', failure: timeDecides ? next.failure : now.failure }
}

/**
 * The latest block’s timestamp is too early for this signature. On an idle chain only a new transaction changes that.
 */
const isCuredByTime = ({ error }: Failure) => error?.errorName === 'SignatureTooLong'

const isDoomedByTime = ({ error }: Failure) =>
  error?.errorName === 'BountyDeadlinePassed' || error?.errorName === 'SignatureExpired'

/**
 * The gas limit of a call: a fifth more than its simulation used, and the gas of two cold slots, because it may use more
 * in its block than in the simulation. It bounds what code of a wallet uses that behaves differently there.
 * @param estimate the gas that the simulation used.
 * @param most what the relay pays for.
 */
export function gasLimitOf(estimate: bigint, most: bigint): bigint {
  const limit = (estimate * 6n) / 5n + 5_000n
  return limit < most ? limit : most
}

/** Simulates the call on the latest state. */
const tryCallUnder = (market: Market, { from, to, data }: MarketCall, conditions: Conditions) =>
  attempt(
    withAccepted(market, from, conditions, ({ gas, fees, block }) =>
      market.client.call({ account: from, to, data, gas, ...fees, ...(block && { blockOverrides: block }) }),
    ),
  )

/** Simulates the call after the node's pending transactions. @returns the gas that it takes. */
const tryNextUnder = (market: Market, { from, to, data }: MarketCall, conditions: Conditions) =>
  attempt(
    withAccepted(market, from, conditions, async ({ gas, fees, block }) => {
      const call = formatTransactionRequest({ from, to, data, gas, ...fees })
      const overrides = block ? [{}, overridesOf(block)] : []
      const params = [call, 'pending', ...overrides]
      return hexToBigInt(await market.client.request<EstimateGas>({ method: 'eth_estimateGas', params }))
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
 * How nodes report that the gas limit is too low, by the data of the transaction or by its code. In an estimate also that
 * the sender cannot pay for it.
 */
const OUT_OF_GAS = /gas required exceeds|out ?of ?gas|intrinsic gas|floor/i

/**
 * Asks under the conditions, or without those that the node refuses: a block's fields that it cannot override, and a
 * price that the sender cannot pay. Then the sender's transaction is not sent anyway.
 * @throws the refusal `tooMuchGas` if the gas is not enough.
 */
async function withAccepted<T>(
  market: Pick<Market, 'client'>,
  from: Address,
  conditions: Conditions,
  ask: (accepted: Conditions) => Promise<T>,
): Promise<T> {
  try {
    return await ask(conditions)
  } catch (error) {
    const refused = error instanceof BaseError && !revertOf(error) ? refusalIn(error) : undefined
    if (!refused) throw error
    const { block, fees, ...limit } = conditions
    if (block && refused.code === InvalidParamsRpcError.code) {
      return withAccepted(market, from, { ...limit, ...(fees && { fees }) }, ask)
    }
    const isOutOfGas = OUT_OF_GAS.test(refused.details)
    if (!isOutOfGas && !UNFUNDED.test(refused.details)) throw error
    // The code of the wallet may run out of gas because of the price, so the balance decides, not the message.
    if (fees && (await market.client.getBalance({ address: from })) < limit.gas * fees.maxFeePerGas) {
      return withAccepted(market, from, { ...limit, ...(block && { block }) }, ask)
    }
    if (isOutOfGas) throw limit.tooMuchGas()
    throw error
  }
}
