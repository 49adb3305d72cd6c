import type { Address, BlockTag, ContractFunctionReturnType, Hex, PublicClient } from 'viem'
import { bountyMarketAbi } from '../../../../abis/BountyMarket.ts'
import type { MarketAddress } from '../../../../core/deployment.ts'
import { decodeRunError, type RunError } from '../../../../core/market/actionErrors.ts'
import { answer, revertOf } from './client.ts'

/** A call. Its target and selector come from this program, never from a request. `gas` is its limit, if any. */
export type MarketCall = { from: Address; to: Address; data: Hex; gas?: bigint }

export type Market = MarketAddress & { client: PublicClient; staking: Address }

const atBlock = (block: BlockTag | bigint) => (typeof block === 'bigint' ? { blockNumber: block } : { blockTag: block })

/** Why a call reverts: the contract's error, if it is known, and the revert data. */
export type Failure = { error: RunError | undefined; data: Hex | undefined }

/** The result of a simulated call. */
export type Trial<Passed = unknown> = { passed: Passed } | { failure: Failure }

export const failureOf = (data: Hex | undefined): Failure => ({ data, error: data && decodeRunError(data) })

/** Awaits a simulated call. @throws Refusal RELAY_UNAVAILABLE if the node does not answer. */
export async function attempt<T>(question: Promise<T>): Promise<Trial<T>> {
  try {
    return { passed: await answer(question) }
  } catch (error) {
    const revert = revertOf(error)
    if (!revert) throw error
    return { failure: failureOf(revert.data) }
  }
}

/** Simulates the call on the state after a block, with that block's timestamp. */
export const tryCall = ({ client }: Market, { from, ...call }: MarketCall, block: BlockTag | bigint) =>
  attempt(client.call({ account: from, ...call, ...atBlock(block) }))

/** Simulates the call in the pending block: after the node's pending transactions, with the current time. */
export const tryNext = ({ client }: Market, { from, to, data }: MarketCall): Promise<Trial<bigint>> =>
  attempt(client.estimateGas({ account: from, to, data, blockTag: 'pending', prepare: false }))

/** A bounty as the market returns it. */
export type Bounty = ContractFunctionReturnType<typeof bountyMarketAbi, 'view', 'getBounty'>

/** What the checks of claims and actions read of a run, on the chain or in the index. */
export type KnownRun = Pick<
  Bounty,
  | 'poster'
  | 'reward'
  | 'stake'
  | 'deadline'
  | 'workPeriod'
  | 'evaluator'
  | 'wallet'
  | 'agentId'
  | 'state'
  | 'revisions'
  | 'round'
>

/** @param block defaults to the latest. */
export function readBounty({ client, address }: Market, bountyId: bigint, block: bigint | BlockTag = 'latest') {
  const call = { address, abi: bountyMarketAbi, functionName: 'getBounty', args: [bountyId] } as const
  return answer(client.readContract({ ...call, ...atBlock(block) }))
}

/** @throws if the node is of another chain, or there is no market at the address. */
export async function assertMarket({ client, chainId, address }: Market): Promise<void> {
  const actual = await answer(client.getChainId())
  if (actual !== chainId) throw new Error(`The node serves chain ${actual}; the deployment is on chain ${chainId}.`)
  const code = await answer(client.getCode({ address }))
  if (!code) throw new Error(`There is no BountyMarket at ${address} on chain ${chainId}.`)
}
