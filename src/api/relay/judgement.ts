import { type Address, type BlockTag, decodeFunctionResult, size } from 'viem'
import { agentStakingAbi } from '../../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../../abis/BountyMarket.ts'
import { MAX_BATCH } from '../constants.ts'
import { stateName } from '../contractErrors.ts'
import { together } from '../together.ts'
import { batchGasLimit } from './gas.ts'
import { type Bounty, batchCall, type ClaimRequest, type Market, type MarketCall } from './market.ts'
import { answer, isRefusal } from './rpc.ts'

/** What is known of a claim that passes: its bounty, and what the agent has left to be locked, in USDC base units. */
export type Passing = { bounty: Bounty; unlocked: bigint }

/** Longer signatures, which only a wallet's contract can have, go alone: so much data may be more than a node takes. */
const MAX_SIGNATURE_BYTES = 512

/**
 * Tries the claims of one moment in one call, on the last block and in the next: what they take the node together is
 * less than what two of them take it each by itself. No claim of a batch lets another pass: it only takes a run and locks
 * stake.
 * @returns undefined for a claim that is alone, or that does not pass in company: it has to be judged by itself.
 */
export function createTryTogether(market: Market) {
  const trials = new Map<Address, (request: ClaimRequest) => Promise<Passing | undefined>>()

  function trialsOf(from: Address) {
    const known = trials.get(from)
    if (known) return known
    const made = together((requests: readonly ClaimRequest[]) => tryAll(market, from, requests), MAX_BATCH)
    trials.set(from, made)
    return made
  }

  return async (from: Address, request: ClaimRequest): Promise<Passing | undefined> => {
    if (request.signed && size(request.signed.signature) > MAX_SIGNATURE_BYTES) return undefined
    return trialsOf(from)(request)
  }
}

async function tryAll(
  market: Market,
  from: Address,
  requests: readonly ClaimRequest[],
): Promise<(Passing | undefined)[]> {
  if (requests.length === 1) return [undefined]
  try {
    const call = batchCall(market, from, requests)
    const [now, next, bounties, stakes] = await Promise.all([
      tryBatch(market, call, requests.length, 'latest'),
      tryBatch(market, call, requests.length, 'pending'),
      readBounties(market, requests),
      readUnlockedStakes(market, requests),
    ])
    return requests.map((_, place) => {
      const [bounty, unlocked] = [bounties[place], stakes[place]]
      if (!now[place] || !next[place] || !bounty || unlocked === undefined) return undefined
      return stateName(bounty.state) === 'OPEN' ? { bounty, unlocked } : undefined
    })
  } catch (error) {
    // What the node does not take in one may still be taken one by one.
    if (isRefusal(error)) return requests.map(() => undefined)
    throw error
  }
}

async function tryBatch({ client }: Market, call: MarketCall, items: number, blockTag: BlockTag) {
  const { from, to, data } = call
  const { data: result } = await answer(
    client.call({ account: from, to, data, gas: batchGasLimit(call, items), blockTag }),
  )
  return decodeFunctionResult({ abi: bountyMarketAbi, functionName: 'claimBatch', data: result ?? '0x' })
}

/** Without a contract of its own on the chain: the code that asks for all travels with the call. */
const inOneCall = { deployless: true, batchSize: 0, allowFailure: true } as const

async function readBounties({ client, address }: Market, requests: readonly ClaimRequest[]) {
  const bounties = await answer(
    client.multicall({
      ...inOneCall,
      contracts: requests.map(
        ({ bountyId }) => ({ address, abi: bountyMarketAbi, functionName: 'getBounty', args: [bountyId] }) as const,
      ),
    }),
  )
  return bounties.map(({ result }) => result)
}

async function readUnlockedStakes({ client, staking }: Market, requests: readonly ClaimRequest[]) {
  const accounts = await answer(
    client.multicall({
      ...inOneCall,
      contracts: requests.map(
        ({ agentId }) =>
          ({ address: staking, abi: agentStakingAbi, functionName: 'accountOf', args: [agentId] }) as const,
      ),
    }),
  )
  return accounts.map(({ result }) => result && result[0] - result[1])
}
