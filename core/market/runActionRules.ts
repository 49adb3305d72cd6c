import { type Address, isAddressEqual } from 'viem'
import { runStates } from '../../ponder.schema.ts'
import type { RunError } from './actionErrors.ts'
import { MAX_REVISIONS } from './constants.ts'
import { actionOf, hasMember, type RunActionName, type RunState } from './runActions.ts'

/** A run's parties and state. Null: the poster evaluates; no claim is live. */
export type RunParties = {
  bountyId: bigint
  state: RunState
  poster: Address
  evaluator: Address | null
  claimedByWallet: Address | null
  revisions: bigint
}

/**
 * A run as all the market's rules see it. Both limits in seconds, null if no delivery and nothing to review is due. `claimant`
 * is null if any wallet may claim.
 */
export type RunFacts = RunParties & {
  submitBy: bigint | null
  reviewBy: bigint | null
  closing: boolean
  claimant: Address | null
}

/** The number of the revision that a message about the run names now: reviews name the last delivery. */
export const revisionOf = (name: RunActionName, { state, revisions }: RunParties): bigint =>
  actionOf(name).party !== 'wallet' && state === 'REVISION_REQUESTED' ? revisions - 1n : revisions

/** The account whose signature the action needs; undefined if there is none, or several could sign. */
export function onlyPartyOf(name: RunActionName, { poster, claimedByWallet }: RunParties): Address | undefined {
  const { party } = actionOf(name)
  if (party === 'wallet') return claimedByWallet ?? undefined
  return party === 'poster' ? poster : undefined
}

/** Why the market takes no such action of the account, whatever it signs; undefined if it may. */
export function partyError(name: RunActionName, run: RunParties, account: Address): RunError | undefined {
  const { bountyId, state, poster, evaluator, claimedByWallet } = run
  const { states, party } = actionOf(name)
  if (!states.includes(state)) return { errorName: 'InvalidState', args: [bountyId, runStates.indexOf(state) + 1] }
  const reviewer = evaluator ?? poster
  const is = (other: Address) => isAddressEqual(account, other)
  if (party === 'wallet') {
    if (!claimedByWallet) throw new Error(`Run ${bountyId} is ${state} without a wallet`)
    return is(claimedByWallet)
      ? undefined
      : { errorName: 'NotClaimingWallet', args: [bountyId, account, claimedByWallet] }
  }
  if (party === 'poster') return is(poster) ? undefined : { errorName: 'NotPoster', args: [bountyId, account, poster] }
  if (is(reviewer)) return undefined
  if (party === 'evaluator') return { errorName: 'NotEvaluator', args: [bountyId, account, reviewer] }
  return is(poster) ? undefined : { errorName: 'NotPosterOrEvaluator', args: [bountyId, account, poster, reviewer] }
}

/** Why the run cannot be the message's, though its signature is good; undefined if it can. */
export function revisionError(name: RunActionName, run: RunParties, revision: bigint): RunError | undefined {
  const actual = revisionOf(name, run)
  if (!hasMember(name, 'revision') || revision === actual) return undefined
  return { errorName: 'WrongRevision', args: [run.bountyId, revision, actual] }
}

/**
 * Why the market refuses the action of this party now, in the order of its checks; undefined if it takes the signature.
 * @param now the timestamp of the block that would contain it, in seconds.
 */
export function runActionError(
  name: RunActionName,
  run: RunFacts,
  account: Address,
  revision: bigint,
  now: bigint,
): RunError | undefined {
  const known = partyError(name, run, account) ?? revisionError(name, run, revision)
  if (known) return known
  const { bountyId, state, revisions, submitBy, reviewBy, poster, closing, claimant } = run
  if (name === 'close') return closing ? { errorName: 'BountyIsClosing', args: [bountyId] } : undefined
  if (name === 'name-claimant') return claimant ? undefined : { errorName: 'NoClaimantNamed', args: [bountyId] }
  if (name === 'abandon' && state !== 'REVISION_REQUESTED' && submitBy !== null && now > submitBy)
    return { errorName: 'SubmissionOverdue', args: [bountyId, submitBy, now] }
  if (name !== 'revise' && name !== 'reject') return undefined
  if (reviewBy !== null && now > reviewBy) return { errorName: 'ReviewPeriodOver', args: [bountyId, reviewBy, now] }
  if (name === 'revise') {
    return revisions < MAX_REVISIONS
      ? undefined
      : { errorName: 'NoRevisionsLeft', args: [bountyId, revisions, MAX_REVISIONS] }
  }
  const isPoster = isAddressEqual(account, poster)
  return isPoster && revisions < MAX_REVISIONS
    ? { errorName: 'RevisionsLeft', args: [bountyId, revisions, MAX_REVISIONS] }
    : undefined
}
