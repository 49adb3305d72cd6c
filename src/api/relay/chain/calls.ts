import type { BlockTag, Hex } from 'viem'
import { type ClaimError, decodeClaimError } from '../../market/contractErrors.ts'
import { answer, revertOf } from './client.ts'
import type { Market, MarketCall } from './market.ts'

/** Why a call reverts: the contract's reason, where it gave one, and the data it is read from. */
export type Failure = { error: ClaimError | undefined; data: Hex | undefined }

/** What a call would do if it were mined now. */
export type Trial<Passed = unknown> = { passed: Passed } | { failure: Failure }

export const failureOf = (data: Hex | undefined): Failure => ({ data, error: data && decodeClaimError(data) })

async function attempt<T>(question: Promise<T>): Promise<Trial<T>> {
  try {
    return { passed: await answer(question) }
  } catch (error) {
    const revert = revertOf(error)
    if (!revert) throw error
    return { failure: failureOf(revert.data) }
  }
}

/** Tries the call on the state after a block, with that block's timestamp. */
export const tryCall = ({ client }: Market, { from, to, data, gas }: MarketCall, block: BlockTag | bigint) =>
  attempt(
    client.call({
      account: from,
      to,
      data,
      ...(gas === undefined ? {} : { gas }),
      ...(typeof block === 'bigint' ? { blockNumber: block } : { blockTag: block }),
    }),
  )

/** Tries the call in the block being built, after all that the node is about to mine, with the time that it is now. */
export const tryNext = ({ client }: Market, { from, to, data }: MarketCall): Promise<Trial<bigint>> =>
  attempt(client.estimateGas({ account: from, to, data, blockTag: 'pending', prepare: false }))
