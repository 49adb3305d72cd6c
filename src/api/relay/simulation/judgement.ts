import { type Address, type BlockTag, decodeFunctionResult, size } from 'viem'
import { agentStakingAbi } from '../../../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../../../abis/BountyMarket.ts'
import { MAX_BATCH } from '../../constants.ts'
import { stateName } from '../../contractErrors.ts'
import { together } from '../../together.ts'
import { answer, isRefusal } from '../chain/client.ts'
import { batchGasLimit, MAX_GAS } from '../chain/gas.ts'
import {
  asBounty,
  batchCall,
  type ClaimRequest,
  claimCall,
  type Market,
  type MarketCall,
  unlockedStake,
} from '../chain/market.ts'
import type { Company } from '../queue/company.ts'
import { judge, type Verdict } from './judge.ts'

/** `unlocked`: what the agent has left to be locked, in USDC base units. */
export type Judged = { verdict: Verdict; unlocked: bigint }

/** BountyMarket.ItemResult of a claim that was made; 0 is one that was not tried, 1 one that was refused. */
const MADE = 2

/** Longer signatures, which only a wallet's contract can have, go alone: so much data may be more than a node takes. */
const MAX_SIGNATURE_BYTES = 512

/**
 * Judges claims, those of one moment together: tried in one call, on the last block and in the next, all of them take the
 * node less than two of them that are tried each by itself. One that is alone, or does not pass in company, is judged by
 * itself. No claim of a batch lets another pass: it only takes a run and locks stake.
 * @returns a function of who would send the claim, and of the claim.
 */
export function createJudgement(market: Market, { gather }: Company) {
  const judges = new Map<Address, (request: ClaimRequest) => Promise<Judged>>()

  function judgeOf(from: Address) {
    const known = judges.get(from)
    if (known) return known
    const made = together((requests: readonly ClaimRequest[]) => judgeAll(market, from, requests), {
      most: MAX_BATCH,
      gather,
    })
    judges.set(from, made)
    return made
  }

  return (from: Address, request: ClaimRequest): Promise<Judged> => {
    const isLong = request.signed && size(request.signed.signature) > MAX_SIGNATURE_BYTES
    return isLong ? judgeAlone(market, from, request) : judgeOf(from)(request)
  }
}

async function judgeAll(market: Market, from: Address, requests: readonly ClaimRequest[]): Promise<(Judged | Error)[]> {
  const company = firstOfEachRun(requests)
  const trial = company.length > 1 ? tryAll(market, from, company) : undefined
  const settled = await Promise.allSettled(
    requests.map(async (request) => {
      const place = company.indexOf(request)
      const passing = place < 0 ? undefined : (await trial)?.[place]
      return passing ?? judgeAlone(market, from, request)
    }),
  )
  return settled.map((one) => (one.status === 'fulfilled' ? one.value : one.reason))
}

/** The others of a run cannot pass beside it. */
function firstOfEachRun(requests: readonly ClaimRequest[]): ClaimRequest[] {
  const runs = new Map(requests.toReversed().map((request) => [request.bountyId, request]))
  return requests.filter((request) => runs.get(request.bountyId) === request)
}

async function judgeAlone(market: Market, from: Address, request: ClaimRequest): Promise<Judged> {
  const [verdict, unlocked] = await Promise.all([
    judge(market, claimCall(market, from, request), request),
    unlockedStake(market, request.agentId),
  ])
  return { verdict, unlocked }
}

/** @returns undefined for a claim that does not pass in this company. */
async function tryAll(
  market: Market,
  from: Address,
  requests: readonly ClaimRequest[],
): Promise<(Judged | undefined)[]> {
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
      if (now[place] !== MADE || next[place] !== MADE || !bounty || unlocked === undefined) return undefined
      if (stateName(bounty.state) !== 'OPEN') return undefined
      return { verdict: { verdict: 'send', bounty, gas: MAX_GAS }, unlocked }
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
  return bounties.map(({ result }) => result && asBounty(result))
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
