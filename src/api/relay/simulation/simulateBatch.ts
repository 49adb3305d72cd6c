import { type Address, type BlockTag, decodeFunctionResult, size } from 'viem'
import { agentStakingAbi } from '../../../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../../../abis/BountyMarket.ts'
import { Problem } from '../../http/errors.ts'
import { MAX_BATCH } from '../../market/constants.ts'
import { stateName } from '../../market/contractErrors.ts'
import { answer, revertOf } from '../chain/client.ts'
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
import { type Simulation, simulate } from './simulate.ts'

/** `unlocked`: what the agent has left to be locked, in USDC base units. */
export type SimulatedClaim = { simulation: Simulation; unlocked: bigint }

/** BountyMarket.ItemResult of a claim that was made; 0 is one that was not tried, 1 one that was refused. */
const MADE = 2

/** How many claims one call simulates: as many as a batch makes, also where transactions make fewer. */
const CLAIMS_PER_CALL = MAX_BATCH

/** Longer signatures, which only a wallet’s contract can have, go alone: so much data may be more than a node takes. */
const MAX_SIGNATURE_BYTES = 512

/** Simulates a claim as the call that would make it alone. @param from the signer that would send it. */
export async function simulateAlone(market: Market, from: Address, request: ClaimRequest): Promise<SimulatedClaim> {
  const [simulation, unlocked] = await Promise.all([
    simulate(market, claimCall(market, from, request), request),
    unlockedStake(market, request.agentId),
  ])
  return { simulation, unlocked }
}

/**
 * Simulates claims of different runs in few calls, on the last block and in the next: 50 claims together take the node
 * less than two alone. No claim of a call lets another pass: it only takes a run and locks stake.
 * @returns the claims that pass. The others have to be simulated alone, so that no claim suffers for another: those that
 * do not pass beside these, those of a call that failed, and single ones.
 */
export async function simulateBatch(
  market: Market,
  from: Address,
  requests: readonly ClaimRequest[],
): Promise<Map<ClaimRequest, SimulatedClaim>> {
  const short = requests.filter(({ signed }) => !signed || size(signed.signature) <= MAX_SIGNATURE_BYTES)
  const batches = Array.from({ length: Math.ceil(short.length / CLAIMS_PER_CALL) }, (_, place) =>
    short.slice(place * CLAIMS_PER_CALL, (place + 1) * CLAIMS_PER_CALL),
  ).filter(({ length }) => length > 1)
  const passed = await Promise.all(batches.map((batch) => simulateTogether(market, from, batch)))
  return new Map(passed.flat())
}

/** @returns the claims that pass beside the others. */
async function simulateTogether(market: Market, from: Address, requests: readonly ClaimRequest[]) {
  try {
    const call = batchCall(market, from, requests)
    const [now, next, bounties, stakes] = await Promise.all([
      tryBatch(market, call, requests.length, 'latest'),
      tryBatch(market, call, requests.length, 'pending'),
      readBounties(market, requests),
      readUnlockedStakes(market, requests),
    ])
    return requests.flatMap((request, place): [ClaimRequest, SimulatedClaim][] => {
      const bounty = bounties[place]
      const unlocked = stakes[place]
      if (now[place] !== MADE || next[place] !== MADE || !bounty || unlocked === undefined) return []
      if (stateName(bounty.state) !== 'OPEN') return []
      return [[request, { simulation: { result: 'passes', bounty, gas: MAX_GAS }, unlocked }]]
    })
  } catch (error) {
    // What the node does not take, or not in time, as one call may still pass one by one.
    if (error instanceof Problem || revertOf(error)) return []
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

/**
 * The code that reads them all travels with the call: no contract on the chain is needed. What it answers counts as the code
 * of a new contract, of at most 24,576 bytes (EIP-170): too few for 50 bounties, so `batchSize`, which is in bytes of
 * calldata, lets one call read 28.
 */
const inOneCall = { deployless: true, batchSize: 1_024, allowFailure: true } as const

async function readBounties({ client, address }: Market, requests: readonly ClaimRequest[]) {
  const contracts = requests.map(({ bountyId }) => {
    return { address, abi: bountyMarketAbi, functionName: 'getBounty', args: [bountyId] } as const
  })
  const bounties = await answer(client.multicall({ ...inOneCall, contracts }))
  return bounties.map(({ result }) => result && asBounty(result))
}

async function readUnlockedStakes({ client, staking }: Market, requests: readonly ClaimRequest[]) {
  const contracts = requests.map(({ agentId }) => {
    return { address: staking, abi: agentStakingAbi, functionName: 'accountOf', args: [agentId] } as const
  })
  const accounts = await answer(client.multicall({ ...inOneCall, contracts }))
  return accounts.map(({ result }) => result && result[0] - result[1])
}
