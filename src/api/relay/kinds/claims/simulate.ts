import { type Address, type BlockTag, type ContractFunctionReturnType, decodeFunctionResult } from 'viem'
import { agentStakingAbi } from '../../../../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../../../../abis/BountyMarket.ts'
import { stateName } from '../../../../../core/market/contractErrors.ts'
import { answer, revertOf } from '../../chain/client.ts'
import type { ChainHead } from '../../chain/heads.ts'
import { type Bounty, type Failure, type Market, type MarketCall, readBounty } from '../../chain/market.ts'
import { type Conditions, tryNowAndNext, type Verdict, verdictOf } from '../../chain/simulation.ts'
import { Refusal } from '../../refusal.ts'
import type { Lock, Passed, Simulated } from '../kind.ts'
import { type ClaimMessage, gasLimit } from '../request.ts'
import { batchGasLimit, MAX_GAS } from './gas.ts'
import { batchCall, type ClaimRequest, claimCall, claimInRound } from './message.ts'
import { refusal, signatureRequired } from './refusal.ts'

/** The contract checks the run before the agent. */
const RUN_ERRORS = new Set(['BountyNotFound', 'BountyNotOpen', 'BountyDeadlinePassed'])

/** BountyMarket.ItemResult of a successful claim. 0 means not tried, 1 refused. */
const MADE = 2

type Account = ContractFunctionReturnType<typeof agentStakingAbi, 'view', 'accountOf'>

/** Why the claim fails. @param now in seconds. */
export function refusalOfClaim(market: Market, failure: Failure, message: ClaimMessage, bounty: Bounty, now: bigint) {
  // The signer may not make unsigned claims, so the claim needs a signature.
  if (failure.error?.errorName === 'NotRelayer') return signatureRequired(market, message, bounty, now)
  return refusal(failure, bounty)
}

/**
 * Simulates a claim as a call of its own, on the latest block and in the pending block.
 * @param from the signer that would send it. @param conditions of a claim that runs code of its wallet.
 * @throws Refusal CLAIM_REVERTED if the claim uses more gas than the relay pays for.
 */
export async function simulateClaim(
  market: Market,
  from: Address,
  request: ClaimRequest,
  head: ChainHead,
  conditions?: Conditions,
): Promise<Simulated> {
  const { message, signature } = request
  const [trials, bounty, account] = await Promise.all([
    tryNowAndNext(market, claimCall(market, from, message, signature), conditions),
    readBounty(market, message.bountyId),
    readAccount(market, message.agentId),
  ])
  const verdict = verdictAt(bounty, trials)
  if (verdict.result === 'passes') {
    const gas = gasLimit(message, verdict.gas, MAX_GAS)
    return { result: 'passes', ...passed(market, request, bounty, account, head, gas) }
  }
  const { result, failure } = verdict
  const why = failure && refusalOfClaim(market, failure, message, bounty, head.timestamp)
  if (result === 'undecided' || !why) return { result: 'undecided', refusal: why }
  return { result, refusal: why, looksAgain: RUN_ERRORS.has(failure.error?.errorName ?? '') }
}

/** @param bounty of the latest block. */
function verdictAt(bounty: Bounty, trials: Awaited<ReturnType<typeof tryNowAndNext>>): Verdict {
  const isOpen = stateName(bounty.state) === 'OPEN'
  // A block came between the simulation and the read of the bounty, so the bounty may be in a later round.
  if ('passed' in trials.next && !isOpen) return { result: 'undecided', failure: undefined }
  const verdict = verdictOf(trials)
  // The bounty was read at a later block than the one that refused the claim: the later block decides.
  if (verdict.result === 'fails' && verdict.failure.error?.errorName === 'BountyNotOpen' && isOpen) {
    return { result: 'undecided', failure: verdict.failure }
  }
  return verdict
}

function passed(
  market: Market,
  request: ClaimRequest,
  bounty: Bounty,
  [staked, locked, , completions]: Account,
  { number: block }: ChainHead,
  gas: bigint,
): Passed {
  const lock: Lock = { amount: bounty.stake, staked, unlocked: staked - locked, completions, block }
  return { action: claimInRound(market, request, BigInt(bounty.round) + 1n, bounty), gas, lock }
}

/**
 * Simulates claims of different runs in few calls, on the latest block and in the pending block: 50 claims in one call
 * take the node less time than two calls. No claim makes another one pass: it only takes a run and locks stake.
 * @param requests claims that run no code of their wallets, as many as a transaction can have.
 * @returns the claims that pass. The other claims must be simulated alone, so that a claim does not fail because of another.
 */
export async function simulateTogether(
  market: Market,
  from: Address,
  requests: readonly ClaimRequest[],
  head: ChainHead,
): Promise<[ClaimRequest, Passed][]> {
  try {
    const call = batchCall(market, from, requests)
    const [now, next, bounties, accounts] = await Promise.all([
      tryBatch(market, call, requests.length, 'latest'),
      tryBatch(market, call, requests.length, 'pending'),
      readBounties(market, requests),
      readAccounts(market, requests),
    ])
    return requests.flatMap((request, place): [ClaimRequest, Passed][] => {
      const bounty = bounties[place]
      const account = accounts[place]
      if (now[place] !== MADE || next[place] !== MADE || !bounty || !account) return []
      if (stateName(bounty.state) !== 'OPEN') return []
      return [[request, passed(market, request, bounty, account, head, MAX_GAS)]]
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

/** The agent's account at the latest block. */
function readAccount({ client, staking }: Market, agentId: bigint): Promise<Account> {
  const call = { address: staking, abi: agentStakingAbi, functionName: 'accountOf', args: [agentId] } as const
  return answer(client.readContract(call))
}

/**
 * A deployless multicall: the call contains the code that reads the bounties, so no contract on the chain is needed.
 * Its result counts as the code of a new contract, at most 24,576 bytes (EIP-170), too few for 50 bounties. So
 * `batchSize`, in bytes of calldata, limits a call to 28 bounties.
 */
const inOneCall = { deployless: true, batchSize: 1_024, allowFailure: true } as const

async function readBounties({ client, address }: Market, requests: readonly ClaimRequest[]) {
  const contracts = requests.map(({ message: { bountyId } }) => {
    return { address, abi: bountyMarketAbi, functionName: 'getBounty', args: [bountyId] } as const
  })
  const bounties = await answer(client.multicall({ ...inOneCall, contracts }))
  return bounties.map(({ result }) => result)
}

async function readAccounts({ client, staking }: Market, requests: readonly ClaimRequest[]) {
  const contracts = requests.map(({ message: { agentId } }) => {
    return { address: staking, abi: agentStakingAbi, functionName: 'accountOf', args: [agentId] } as const
  })
  const accounts = await answer(client.multicall({ ...inOneCall, contracts }))
  return accounts.map(({ result }) => result)
}
