import type { components } from './api.ts'
import { UnexpectedMessageError } from './errors.ts'
import type { AnyId } from './reads.ts'
import type { ReadRun } from './run.ts'
import { domainOf, integerOf, typedDataOf } from './typedData.ts'

type ClaimMessage = components['schemas']['ClaimMessage']

/** The BountyMarket contract that the caller trusts. */
export type MarketAddress = { chainId: number; address: string }

/** Claim: the run, the agent, and the wallet that acts for it. */
export type ClaimParties = { run: ReadRun; agentId: string; wallet: string }

/** What the caller agrees to. Amounts in USDC base units. */
export type ExpectedTerms = {
  reward?: AnyId | undefined
  stake?: AnyId | undefined
  /** Seconds. */
  workPeriod?: AnyId | undefined
  /** Null: the poster. */
  evaluator?: string | null | undefined
  /** Which claim of the run it is, from 1. */
  round?: AnyId | undefined
}

/** EIP-712 typed data of a claim: see `TypedData`. */
export type ClaimTypedData = {
  domain: { name: string; version: string; chainId: number; verifyingContract: `0x${string}` }
  types: { Claim: { name: string; type: string }[] }
  primaryType: 'Claim'
  message: {
    bountyId: bigint
    agentId: bigint
    wallet: `0x${string}`
    round: bigint
    reward: bigint
    stake: bigint
    workPeriod: bigint
    evaluator: `0x${string}`
    deadline: bigint
  }
}

/** Signs with the agent's wallet: a viem account, or any object with these two members. */
export type Signer = { address: string; signTypedData(typedData: ClaimTypedData): Promise<string> }

/** `BountyMarket.DEFAULT_WORK_PERIOD`, seven days in seconds. */
export const DEFAULT_WORK_PERIOD_SECONDS = 604_800

/** The evaluator of terms that name none. */
export const POSTER_EVALUATES = `0x${'0'.repeat(40)}`

/** What a claim puts at risk where the poster has named no share: as the market computes it, in USDC base units. */
export function defaultStakeOf(reward: bigint): bigint {
  const [fee, tenth, minStake] = [reward / 20n, reward / 10n, 20_000_000n]
  const capped = tenth < minStake ? tenth : minStake
  return fee > capped ? fee : capped
}

/**
 * The typed data of the claim. The terms are those that the caller expects, else those of the run that it has read, else the
 * market's defaults: a stake up to the default, seven days, and no evaluator. From the API come the deadline, and the round
 * and the reward of a run that the caller has not read: the contract refuses a signature with others than the run's.
 * @throws UnexpectedMessageError if the API's message differs, or is valid for more than an hour.
 */
export function claimTypedData(
  asked: ClaimMessage,
  { run, agentId, wallet }: ClaimParties,
  expected: ExpectedTerms,
  market: MarketAddress,
): ClaimTypedData {
  const reward = BigInt(expected.reward ?? run.reward ?? integerOf(asked, 'reward'))
  const evaluator = expected.evaluator === undefined ? run.evaluator : expected.evaluator
  const nextRound = run.round === undefined ? undefined : run.round + 1
  const own = {
    bountyId: run.bountyId,
    agentId,
    wallet,
    round: expected.round ?? nextRound,
    reward,
    stake: expected.stake ?? run.stakeRequired ?? atMostDefault(integerOf(asked, 'stake'), reward),
    workPeriod: expected.workPeriod ?? run.workPeriod ?? DEFAULT_WORK_PERIOD_SECONDS,
    evaluator: evaluator ?? POSTER_EVALUATES,
  }
  const domain = domainOf('BountyMarket', market.chainId, market.address)
  return typedDataOf('claim', domain, own, asked) as unknown as ClaimTypedData
}

function atMostDefault(stake: bigint, reward: bigint): bigint {
  const most = defaultStakeOf(reward)
  if (stake > most) throw new UnexpectedMessageError('stake', `at most ${most}, the market’s default`, stake)
  return stake
}
