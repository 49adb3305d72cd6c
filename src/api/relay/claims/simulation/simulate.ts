import { type Address, type BlockTag, decodeFunctionResult } from 'viem'
import { agentStakingAbi } from '../../../../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../../../../abis/BountyMarket.ts'
import { stateName } from '../../../../../core/market/contractErrors.ts'
import { MAX_BATCH } from '../../../../../core/settings/relay.ts'
import { answer, revertOf } from '../../chain/client.ts'
import type { Conditions } from '../../chain/conditions.ts'
import { type Bounty, type Failure, type Market, type MarketCall, readBounty } from '../../chain/market.ts'
import { tryNowAndNext, type Verdict, verdictOf } from '../../chain/simulation.ts'
import type { RunStep } from '../../events.ts'
import { Refusal } from '../../refusal.ts'
import { batchGasLimit, MAX_GAS } from '../chain/gas.ts'
import {
  type AgentAccount,
  agentAccount,
  batchCall,
  type ClaimRequest,
  claimCall,
  readAccount,
} from '../chain/market.ts'

/** The result of a claim's simulation. `bounty` is that of the latest block. */
export type Simulation = Verdict & { bounty: Bounty }

/**
 * Simulates a claim on the latest block and in the pending block.
 * @param conditions of a claim that runs code of its wallet.
 */
export async function simulate(
  market: Market,
  call: MarketCall,
  { bountyId }: ClaimRequest,
  conditions?: Conditions,
): Promise<Simulation> {
  const [trials, bounty] = await Promise.all([tryNowAndNext(market, call, conditions), readBounty(market, bountyId)])
  const isOpen = stateName(bounty.state) === 'OPEN'
  // A block came between the simulation and the read of the bounty, so the bounty may be in a later round.
  if ('passed' in trials.next && !isOpen) return { result: 'undecided', bounty, failure: undefined }
  const verdict = verdictOf(trials)
  // The bounty was read at a later block than the one that refused the claim: the later block decides.
  if (verdict.result === 'fails' && verdict.failure.error?.errorName === 'BountyNotOpen' && isOpen) {
    return { result: 'undecided', bounty, failure: verdict.failure }
  }
  return { ...verdict, bounty }
}

/** The contract checks the run before the agent. */
export const isAboutRun = ({ error }: Failure) =>
  error?.errorName === 'BountyNotFound' ||
  error?.errorName === 'BountyNotOpen' ||
  error?.errorName === 'BountyDeadlinePassed'

export type SimulatedClaim = { simulation: Simulation; account: AgentAccount }

/** BountyMarket.ItemResult of a successful claim. 0 means not tried, 1 refused. */
const MADE = 2

/** The most claims of one simulated call: the size of a full batch, also if transactions are smaller. */
const CLAIMS_PER_CALL = MAX_BATCH

/**
 * Simulates a claim as a call of its own.
 * @param from the signer that would send it.
 * @param conditions of a claim that runs code of its wallet.
 */
export async function simulateAlone(
  market: Market,
  from: Address,
  request: ClaimRequest,
  conditions: Conditions | undefined,
): Promise<SimulatedClaim> {
  const [simulation, account] = await Promise.all([
    simulate(market, claimCall(market, from, request), request, conditions),
    readAccount(market, request.agentId),
  ])
  return { simulation, account }
}

/**
 * Simulates claims of different runs in few calls, on the latest block and in the pending block: 50 claims in one call
 * take the node less time than two calls. No claim makes another one pass: it only takes a run and locks stake.
 * @param requests claims that run no code of their wallets.
 * @returns the claims that pass. The other claims must be simulated alone, so that a claim does not fail because of another.
 */
export async function simulateBatch(
  market: Market,
  from: Address,
  requests: readonly ClaimRequest[],
  runStep: RunStep,
): Promise<Map<ClaimRequest, SimulatedClaim>> {
  const batches = Array.from({ length: Math.ceil(requests.length / CLAIMS_PER_CALL) }, (_, place) =>
    requests.slice(place * CLAIMS_PER_CALL, (place + 1) * CLAIMS_PER_CALL),
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
    const [now, next, bounties, accounts] = await Promise.all([
      tryBatch(market, call, requests.length, 'latest'),
      tryBatch(market, call, requests.length, 'pending'),
      readBounties(market, requests),
      readAccounts(market, requests),
    ])
    return requests.flatMap((request, place): [ClaimRequest, SimulatedClaim][] => {
      const bounty = bounties[place]
      const account = accounts[place]
      if (now[place] !== MADE || next[place] !== MADE || !bounty || !account) return []
      if (stateName(bounty.state) !== 'OPEN') return []
      return [[request, { simulation: { result: 'passes', bounty, gas: MAX_GAS }, account }]]
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

async function readAccounts({ client, staking }: Market, requests: readonly ClaimRequest[]) {
  const contracts = requests.map(({ agentId }) => {
    return { address: staking, abi: agentStakingAbi, functionName: 'accountOf', args: [agentId] } as const
  })
  const accounts = await answer(client.multicall({ ...inOneCall, contracts }))
  return accounts.map(({ result }) => result && agentAccount(result))
}
