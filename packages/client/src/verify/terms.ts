import type { Address, Client } from 'viem'
import { getChainId, readContract } from 'viem/actions'
import { agentStakingAbi } from '../../../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../../../abis/BountyMarket.ts'
import type { MarketAddress } from '../claimMessage.ts'
import { UnverifiedAnswerError } from './errors.ts'
import { isRpcError, unreachable } from './node.ts'
import { isRevert } from './state.ts'

/** The contracts of the market and the constants of its rules, which never change. Times in seconds. */
export type Terms = Awaited<ReturnType<typeof readContracts>>

/**
 * Reads them from the market, so that the caller needs to trust no other address.
 * @throws UnverifiedAnswerError if the node is of another chain, or the chain has no such market.
 */
export async function readTerms(node: Client, { chainId, address }: MarketAddress): Promise<Terms> {
  const actual = await getChainId(node).catch((error: unknown) => {
    throw unreachable(error)
  })
  if (actual !== chainId) {
    const message = `The node serves chain ${actual}, the market is on ${chainId}. Give a node of chain ${chainId}.`
    throw new UnverifiedAnswerError('WRONG_CHAIN', message)
  }
  return readContracts(node, address as Address).catch((error: unknown) => {
    if (!isRevert(error) && !isRpcError(error)) throw unreachable(error)
    const message = `The node’s chain has no market ${address}. Give the address of the BountyMarket.`
    throw new UnverifiedAnswerError('NO_MARKET', message, error)
  })
}

async function readContracts(node: Client, market: Address) {
  const ofMarket = { abi: bountyMarketAbi, address: market } as const
  const [registry, staking, FEE_BPS, REVIEW_PERIOD] = await Promise.all([
    readContract(node, { ...ofMarket, functionName: 'REGISTRY' }),
    readContract(node, { ...ofMarket, functionName: 'STAKING' }),
    readContract(node, { ...ofMarket, functionName: 'FEE_BPS' }),
    readContract(node, { ...ofMarket, functionName: 'REVIEW_PERIOD' }),
  ])
  const ofStaking = { abi: agentStakingAbi, address: staking } as const
  const [MIN_STAKE, ESTABLISHED_AFTER, ESTABLISHED_COMPLETIONS] = await Promise.all([
    readContract(node, { ...ofStaking, functionName: 'MIN_STAKE' }),
    readContract(node, { ...ofStaking, functionName: 'ESTABLISHED_AFTER' }),
    readContract(node, { ...ofStaking, functionName: 'ESTABLISHED_COMPLETIONS' }),
  ])
  const contracts = { market, staking, registry }
  return { contracts, FEE_BPS, REVIEW_PERIOD, MIN_STAKE, ESTABLISHED_AFTER, ESTABLISHED_COMPLETIONS }
}
