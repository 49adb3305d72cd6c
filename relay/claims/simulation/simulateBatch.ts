import { type Address, type BlockTag, decodeFunctionResult, size } from 'viem'
import { agentStakingAbi } from '../../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../../abis/BountyMarket.ts'
import { MAX_BATCH } from '../../../core/env.ts'
import { stateName } from '../../../market/contractErrors.ts'
import { answer, revertOf } from '../../chain/client.ts'
import { Refusal } from '../../refusal.ts'
import { batchGasLimit, MAX_GAS } from '../chain/gas.ts'
import {
  batchCall,
  type ClaimRequest,
  claimCall,
  type Market,
  type MarketCall,
  unlockedStake,
} from '../chain/market.ts'
import type { RunStep } from '../steps.ts'
import { type Simulation, simulate } from './simulate.ts'

/** `unlocked` is the agent's unlocked stake, in USDC base units. */
export type SimulatedClaim = { simulation: Simulation; unlocked: bigint }

/** BountyMarket.ItemResult of a successful claim. 0 means not tried, 1 refused. */
const MADE = 2

/** The most claims of one simulated call: the size of a full batch, also if transactions are smaller. */
const CLAIMS_PER_CALL = MAX_BATCH

/** Claims with longer signatures, of contract wallets, are simulated alone, because a node may refuse so much data. */
const MAX_SIGNATURE_BYTES = 512

/** Simulates a claim as a call of its own. @param from the signer that would send it. */
export async function simulateAlone(market: Market, from: Address, request: ClaimRequest): Promise<SimulatedClaim> {
  const [simulation, unlocked] = await Promise.all([
    simulate(market, claimCall(market, from, request), request),
    unlockedStake(market, request.agentId),
  ])
  return { simulation, unlocked }
}

/**
 * Simulates claims of different runs in few calls, on the latest block and in the pending block: 50 claims in one call
 * take the node less time than two calls. No claim makes another one pass: it only takes a run and locks stake.
 * @returns the claims that pass. The other claims must be simulated alone, so that a claim does not fail because of another.
 */
export async function simulateBatch(
  market: Market,
  from: Address,
  requests: readonly ClaimRequest[],
  runStep: RunStep,
): Promise<Map<ClaimRequest, SimulatedClaim>> {
  const short = requests.filter(({ signed }) => !signed || size(signed.signature) <= MAX_SIGNATURE_BYTES)
  const batches = Array.from({ length: Math.ceil(short.length / CLAIMS_PER_CALL) }, (_, place) =>
    short.slice(place * CLAIMS_PER_CALL, (place + 1) * CLAIMS_PER_CALL),
  ).filter(({ length }) => length > 1)
  const passed = await Promise.all(
    batches.map((batch) => runStep('simulate', batch, () => simulateTogether(market, from, batch))),
  )
  return new Map(passed.flat())
}

/** @returns the claims that pass together. */
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
    // Claims whose common call fails or times out may still pass alone.
    if (error instanceof Refusal || revertOf(error)) return []
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
 * A deployless multicall: the call contains the code that reads the bounties, so no contract on the chain is needed.
 * Its result counts as the code of a new contract, at most 24,576 bytes (EIP-170), too few for 50 bounties. So
 * `batchSize`, in bytes of calldata, limits a call to 28 bounties.
 */
const inOneCall = { deployless: true, batchSize: 1_024, allowFailure: true } as const

async function readBounties({ client, address }: Market, requests: readonly ClaimRequest[]) {
  const contracts = requests.map(({ bountyId }) => {
    return { address, abi: bountyMarketAbi, functionName: 'getBounty', args: [bountyId] } as const
  })
  const bounties = await answer(client.multicall({ ...inOneCall, contracts }))
  return bounties.map(({ result }) => result)
}

async function readUnlockedStakes({ client, staking }: Market, requests: readonly ClaimRequest[]) {
  const contracts = requests.map(({ agentId }) => {
    return { address: staking, abi: agentStakingAbi, functionName: 'accountOf', args: [agentId] } as const
  })
  const accounts = await answer(client.multicall({ ...inOneCall, contracts }))
  return accounts.map(({ result }) => result && result[0] - result[1])
}
