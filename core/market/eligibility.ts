import { type Address, getAddress, isAddressEqual, zeroAddress } from 'viem'
import { type agent, type run, runStates } from '../../ponder.schema.ts'
import { MIN_STAKE } from './constants.ts'
import type { ClaimError } from './contractErrors.ts'

type Run = Pick<
  typeof run.$inferSelect,
  'bountyId' | 'state' | 'deadline' | 'stakeRequired' | 'posterAddress' | 'claimant'
>
type Agent = Pick<
  typeof agent.$inferSelect,
  'id' | 'owner' | 'agentWallet' | 'stakedAmount' | 'lockedAmount' | 'frozen' | 'banned'
>

/** The address that acts for an agent by the market's rule, or undefined if the agent is not registered. */
export function walletOf({ owner, agentWallet }: Pick<Agent, 'owner' | 'agentWallet'>): Address | undefined {
  return [agentWallet, owner].find((address) => address !== null && !isAddressEqual(address, zeroAddress)) ?? undefined
}

/** The market stores an agent's id in 40 bits, and refuses claims of agents with greater ids. */
const MAX_AGENT_ID = 2n ** 40n - 1n

/**
 * Every error with which `checkClaim` would refuse the claim, in the order of its checks, so that it reverts with the
 * first. If the agent does not exist, its other checks are left out.
 * @param wallet defaults to the agent's wallet.
 * @param now the timestamp of the block that would contain the claim, in seconds.
 */
export function claimErrors(run: Run, agent: Agent, wallet: Address | undefined, now: bigint): ClaimError[] {
  return [
    ...runErrors(run, now),
    ...claimantErrors(run, wallet ?? walletOf(agent)),
    ...agentErrors(agent, wallet, run.stakeRequired),
  ]
}

/** Every error with which the market would refuse any claim of the run at this time, in seconds. */
export function* runErrors(
  { bountyId, state, deadline }: Pick<Run, 'bountyId' | 'state' | 'deadline'>,
  now: bigint,
): Generator<ClaimError> {
  if (state !== 'OPEN') {
    yield { errorName: 'BountyNotOpen', args: [bountyId, runStates.indexOf(state) + 1] }
  }
  if (now > deadline) yield { errorName: 'BountyDeadlinePassed', args: [bountyId, deadline, now] }
}

/**
 * The error with which the market would refuse the claim of an open run that names a claimant. The poster as the claimant stands
 * for no wallet yet, so it refuses the poster's own wallet too. Without a wallet there is nothing to compare.
 */
export function* claimantErrors(
  { bountyId, posterAddress, claimant }: Pick<Run, 'bountyId' | 'posterAddress' | 'claimant'>,
  wallet: Address | undefined,
): Generator<ClaimError> {
  if (claimant === null || !wallet) return
  if (isAddressEqual(wallet, claimant) && !isAddressEqual(claimant, posterAddress)) return
  yield { errorName: 'NotClaimant', args: [bountyId, getAddress(wallet), claimant] }
}

/**
 * Every error with which the market would refuse the agent’s claim of an open run, where it may have any claimant.
 * @param lock how much of the agent's stake the claim locks.
 */
export function* agentErrors(agent: Agent, wallet: Address | undefined, lock: bigint): Generator<ClaimError> {
  const { id, stakedAmount, lockedAmount, banned, frozen } = agent
  const expected = walletOf(agent)
  if (!expected || id > MAX_AGENT_ID) {
    yield { errorName: 'AgentNotFound', args: [id] }
    return
  }
  if (wallet && !isAddressEqual(wallet, expected)) {
    yield { errorName: 'NotAgentWallet', args: [id, getAddress(wallet), getAddress(expected)] }
  }
  if (banned) yield { errorName: 'AgentIsBanned', args: [id] }
  if (frozen) yield { errorName: 'AgentIsFrozen', args: [id] }
  if (stakedAmount < MIN_STAKE) yield { errorName: 'InsufficientStake', args: [id, stakedAmount, MIN_STAKE] }
  const unlocked = stakedAmount - lockedAmount
  if (unlocked < lock) yield { errorName: 'InsufficientUnlockedStake', args: [id, unlocked, lock] }
}
