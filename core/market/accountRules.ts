import { type Address, encodeErrorResult, isAddressEqual } from 'viem'
import { agentStakingAbi } from '../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import type { AccountActionName, AccountMembers } from './accountActions.ts'
import { type AccountRefusal, explainAccountError } from './accountErrors.ts'
import { MAX_VALIDITY_SECONDS } from './claimMessage.ts'
import { MIN_STAKE } from './constants.ts'

/** An authorization of a payment ends before a second that is at most ten minutes ahead. */
const MAX_AUTHORIZATION_SECONDS = 599n

/** How far ahead the last second of each signature may be, for the relay; of `unstake`, for the contract. */
export const LONGEST_VALIDITY_SECONDS: Record<AccountActionName, bigint> = {
  post: MAX_AUTHORIZATION_SECONDS,
  register: MAX_VALIDITY_SECONDS,
  stake: MAX_AUTHORIZATION_SECONDS,
  unstake: MAX_VALIDITY_SECONDS,
}

/** The most bytes of an agent's URI in a registration that the relay pays for. */
export const MAX_RELAYED_URI_BYTES = 256

/** BountyMarket.MIN_REWARD, in USDC base units. */
const MIN_REWARD = 10_000n

/** BountyMarket.MAX_DEADLINE, how far ahead the deadline of a run may be, and its last second: 32 bits. In seconds. */
const MAX_DEADLINE = 365n * 86_400n
const LAST_DEADLINE = 2n ** 32n - 1n

/** How long a run's work period may be, and of what it is a multiple, in seconds. */
export const MAX_WORK_PERIOD = 30n * 86_400n
const MIN_WORK_PERIOD = 3_600n

type MarketError = 'RewardOutOfRange' | 'DeadlineOutOfRange' | 'InvalidWorkPeriod'

/** The refusal with the contract's own error. */
function refused(data: `0x${string}`): AccountRefusal {
  const explained = explainAccountError(data)
  if (!explained) throw new Error(`No explanation of the error ${data}`)
  return explained
}

const byMarket = (errorName: MarketError, args: [bigint, bigint, bigint]) =>
  refused(encodeErrorResult({ abi: bountyMarketAbi, errorName, args }))

/**
 * Why the market refuses the terms of the post, whatever the poster has; undefined if it does not.
 * @param maxReward what the market was deployed with, in USDC base units. @param now in seconds.
 */
export function postError(
  { reward, deadline, workPeriod }: Pick<AccountMembers<'post'>, 'reward' | 'deadline' | 'workPeriod'>,
  maxReward: bigint,
  now: bigint,
): AccountRefusal | undefined {
  if (reward < MIN_REWARD || reward > maxReward) return byMarket('RewardOutOfRange', [reward, MIN_REWARD, maxReward])
  const farthest = now + MAX_DEADLINE
  const latest = farthest < LAST_DEADLINE ? farthest : LAST_DEADLINE
  if (deadline <= now || deadline > latest) return byMarket('DeadlineOutOfRange', [deadline, now + 1n, latest])
  return workPeriod % MIN_WORK_PERIOD === 0n
    ? undefined
    : byMarket('InvalidWorkPeriod', [workPeriod, MIN_WORK_PERIOD, MAX_WORK_PERIOD])
}

/** An agent as the rules of its stake see it. In USDC base units. */
export type StakeFacts = { id: bigint; owner: Address; wallet: Address; staked: bigint; locked: bigint }

/** Why the staking contract takes no such withdrawal by the signer now; undefined if it does. */
export function unstakeError(
  { id, owner, wallet, staked, locked }: StakeFacts,
  signer: Address,
  amount: bigint,
): AccountRefusal | undefined {
  const abi = agentStakingAbi
  if (!isAddressEqual(signer, owner) && !isAddressEqual(signer, wallet)) {
    const sentence = `${signer} is neither the owner nor the wallet of agent ${id}.`
    return { code: 'SIGNER_MISMATCH', sentence, extensions: { signer, expected: [...new Set([owner, wallet])] } }
  }
  if (amount > staked)
    return refused(encodeErrorResult({ abi, errorName: 'AmountExceedsStake', args: [id, amount, staked] }))
  const remaining = staked - amount
  const needed = locked > MIN_STAKE ? locked : MIN_STAKE
  return locked === 0n || remaining >= needed
    ? undefined
    : refused(encodeErrorResult({ abi, errorName: 'StakeIsLocked', args: [id, remaining, needed] }))
}
