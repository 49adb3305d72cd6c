import { type ContractFunctionReturnType, getAddress, zeroAddress } from 'viem'
import type { agentStakingAbi } from '../../../../abis/AgentStaking.ts'
import type { bountyMarketAbi } from '../../../../abis/BountyMarket.ts'
import type { Agent, AgentStake, ClaimEligibility, RunDetail, RunSummary } from '../api.ts'
import { bountyStates } from '../runStates.ts'
import { type Clock, EitherOf, timeOf } from './clock.ts'
import type { Terms } from './terms.ts'
import { storedText, storedURI } from './texts.ts'

/**
 * What proves each member of a run and of an agent. The function of a member returns what the chain has of it, in the form
 * of the answer. `UNPROVEN` marks the members that neither storage nor a few logs have:
 * - title, summary, tags, brief, name, description: contents of files, which the chain names by their URIs only.
 * - posterRecord: counts over all runs of the poster.
 * - applications: they are off chain.
 * - volume, feesPaid: sums over all approved runs of the agent.
 * - reasons: sentences. `reasonCodes` has their codes.
 */
export const UNPROVEN = 'unproven'

/** A log with its arguments, and the timestamp of its block in seconds. */
type Proof<Args> = { args: Args; timestamp: bigint }

export type RunLogs = {
  BountyCreated: Proof<{ ipfsHash: string }> | undefined
  /** Of the current claim, as all that follow. */
  BountyClaimed: Proof<{ round: bigint }> | undefined
  /** The last one. */
  WorkSubmitted: Proof<{ deliverableHash: string }> | undefined
  /** The last one. */
  RevisionRequested: Proof<{ feedbackHash: string }> | undefined
  /** `BountyApproved` or `BountyRejected`. */
  end: Proof<unknown> | undefined
}

export type Bounty = ContractFunctionReturnType<typeof bountyMarketAbi, 'view', 'getBounty'>

/** What the chain has of a run at the block of the answer. */
export type RunEvidence = { id: bigint; bounty: Bounty; terms: Terms; clock: Clock; logs: RunLogs }

/** What the chain has of an agent at the block of the answer. */
export type AgentEvidence = {
  id: bigint
  owner: string
  /** `getAgentWallet`: the zero address if none is set. */
  wallet: string
  account: ContractFunctionReturnType<typeof agentStakingAbi, 'view', 'accountOf'>
  /** Undefined where the registry has none. */
  tokenURI: string | undefined
  Registered: Proof<unknown> | undefined
  terms: Terms
  clock: Clock
}

type Rules<Evidence, Answer> = {
  [Field in keyof Answer]: ((evidence: Evidence, answer: Answer) => unknown) | typeof UNPROVEN
}

export const stateOf = ({ state }: Bounty) => bountyStates[state]
export const isClaimed = ({ wallet }: Bounty) => wallet !== zeroAddress
const isIn = (bounty: Bounty, ...names: (typeof bountyStates)[number][]) =>
  names.some((name) => name === stateOf(bounty))
const feeOf = ({ bounty, terms }: RunEvidence) => (bounty.reward * terms.FEE_BPS) / 10_000n

/** A number if JSON represents it exactly, else a decimal string. */
const idOf = (id: bigint) => (id <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(id) : String(id))
const timeOfLog = (log: Proof<unknown> | undefined) => log && timeOf(log.timestamp)
const addressOrNull = (address: string) => (address === zeroAddress ? null : address)
/** The value while a claim has the run, else null. */
const ofClaim = (bounty: Bounty, value: unknown) => (isClaimed(bounty) ? value : null)

export const runSummaryFields = {
  // BountyMarket.getBounty
  bountyId: ({ id }) => idOf(id),
  posterAddress: ({ bounty }) => bounty.poster,
  reward: ({ bounty }) => String(bounty.reward),
  deadline: ({ bounty }) => timeOf(BigInt(bounty.deadline)),
  state: ({ bounty }) => stateOf(bounty),
  claimedBy: ({ bounty }) => ofClaim(bounty, idOf(BigInt(bounty.agentId))),
  claimant: ({ bounty }) => addressOrNull(bounty.claimant),
  claimable: ({ bounty, clock }) => isIn(bounty, 'OPEN') && clock.isAtMost(BigInt(bounty.deadline)),
  // BountyCreated
  ipfsHash: ({ logs }) => logs.BountyCreated && storedText(logs.BountyCreated.args.ipfsHash),
  createdAt: ({ logs }) => timeOfLog(logs.BountyCreated),
  title: UNPROVEN,
  summary: UNPROVEN,
  tags: UNPROVEN,
} satisfies Rules<RunEvidence, RunSummary>

export const runFields = {
  ...runSummaryFields,
  // BountyMarket.getBounty
  claimedByWallet: ({ bounty }) => addressOrNull(bounty.wallet),
  stake: ({ bounty }) => ofClaim(bounty, String(bounty.stake)),
  submitBy: ({ bounty }) =>
    isIn(bounty, 'CLAIMED', 'IN_PROGRESS', 'REVISION_REQUESTED')
      ? timeOf(BigInt(bounty.since) + BigInt(bounty.workPeriod))
      : null,
  reviewBy: ({ bounty, terms }) =>
    isIn(bounty, 'SUBMITTED') ? timeOf(BigInt(bounty.since) + terms.REVIEW_PERIOD) : null,
  revisions: ({ bounty }) => bounty.revisions,
  round: ({ bounty }) => bounty.round,
  fee: (evidence) => String(feeOf(evidence)),
  workPeriod: ({ bounty }) => bounty.workPeriod,
  stakeRequired: ({ bounty }) => String(bounty.stake),
  evaluator: ({ bounty }) => addressOrNull(bounty.evaluator),
  closing: ({ bounty }) => bounty.closing,
  // BountyClaimed
  claimedAt: ({ bounty, logs }) => ofClaim(bounty, timeOfLog(logs.BountyClaimed)),
  // WorkSubmitted
  deliverableHash: ({ bounty, logs }) =>
    isDelivered(bounty) ? logs.WorkSubmitted && storedText(logs.WorkSubmitted.args.deliverableHash) : null,
  submittedAt: ({ bounty, logs }) => (isDelivered(bounty) ? timeOfLog(logs.WorkSubmitted) : null),
  // RevisionRequested
  feedbackHash: ({ bounty, logs }) =>
    bounty.revisions > 0 ? logs.RevisionRequested && storedText(logs.RevisionRequested.args.feedbackHash) : null,
  // BountyApproved, BountyRejected
  endedAt: ({ bounty, logs }) => (isEnded(bounty) ? timeOfLog(logs.end) : null),
  brief: UNPROVEN,
  posterRecord: UNPROVEN,
  applications: UNPROVEN,
} satisfies Rules<RunEvidence, RunDetail>

export const isEnded = (bounty: Bounty) => isIn(bounty, 'APPROVED', 'REJECTED')
export const isDelivered = (bounty: Bounty) => isEnded(bounty) || isIn(bounty, 'SUBMITTED', 'REVISION_REQUESTED')

const walletOf = ({ wallet, owner }: AgentEvidence) => addressOrNull(wallet) ?? owner

function statusOf({ account, terms, clock }: AgentEvidence) {
  const [staked, , stakedAt, completions, , frozen, banned] = account
  if (banned) return 'BANNED'
  if (frozen) return 'FROZEN'
  if (staked < terms.MIN_STAKE) return 'UNVERIFIED'
  if (completions < terms.ESTABLISHED_COMPLETIONS) return 'PROVISIONAL'
  const isLong = clock.isAtLeast(stakedAt + terms.ESTABLISHED_AFTER)
  if (isLong instanceof EitherOf) return new EitherOf('PROVISIONAL', 'ESTABLISHED')
  return isLong ? 'ESTABLISHED' : 'PROVISIONAL'
}

export const agentFields = {
  // AgentStaking.accountOf
  id: ({ id }) => idOf(id),
  status: statusOf,
  stakedAmount: ({ account: [staked] }) => String(staked),
  lockedAmount: ({ account: [, locked] }) => String(locked),
  stakedAt: ({ account: [, , stakedAt] }) => (stakedAt === 0n ? null : timeOf(stakedAt)),
  completions: ({ account: [, , , completions] }) => Number(completions),
  slashes: ({ account: [, , , , slashes] }) => Number(slashes),
  frozen: ({ account: [, , , , , frozen] }) => frozen,
  banned: ({ account: [, , , , , , banned] }) => banned,
  // AgentRegistry.ownerOf, getAgentWallet, tokenURI
  ownerAddress: ({ owner }) => owner,
  walletAddress: walletOf,
  agentURI: ({ tokenURI }) => (tokenURI === undefined ? UNPROVEN : storedURI(tokenURI).text),
  agentURITruncated: ({ tokenURI }) => (tokenURI === undefined ? UNPROVEN : storedURI(tokenURI).isTruncated),
  // Registered
  registeredAt: ({ Registered }) => timeOfLog(Registered),
  volume: UNPROVEN,
  feesPaid: UNPROVEN,
  name: UNPROVEN,
  description: UNPROVEN,
} satisfies Rules<AgentEvidence, Agent>

export const agentStakeFields = {
  ...agentFields,
  // AgentStaking.accountOf
  isStaked: ({ account: [staked] }) => staked > 0n,
  canClaimRuns: (_, { status }) => status === 'PROVISIONAL' || status === 'ESTABLISHED',
  // AgentStaking.MIN_STAKE
  minimumStake: ({ terms }) => String(terms.MIN_STAKE),
} satisfies Rules<AgentEvidence, AgentStake>

/** What the chain has of a run and of the agent that would claim it. `asked` has the wallet that was asked about, if any. */
type ClaimEvidence = { run: RunEvidence; agent: AgentEvidence; asked: { wallet: string | undefined } }

/** The market stores an agent's id in 40 bits, and finds no agent with a greater one. */
const MAX_AGENT_ID = 2n ** 40n - 1n

/** The market's reasons to refuse the claim, in its order. @param isLate whether the deadline has passed. */
function refusalsOf({ run: { bounty }, agent, asked: { wallet } }: ClaimEvidence, isLate: boolean): string[] {
  const { id, account, terms } = agent
  const [staked, locked, , , , frozen, banned] = account
  const isAgent = id <= MAX_AGENT_ID
  const claiming = getAddress(wallet ?? walletOf(agent))
  const isReserved = bounty.claimant !== zeroAddress
  const refusals: [string, boolean][] = [
    ['RUN_NOT_OPEN', !isIn(bounty, 'OPEN')],
    ['RUN_DEADLINE_PASSED', isLate],
    ['NOT_CLAIMANT', isReserved && !(bounty.claimant === claiming && bounty.claimant !== bounty.poster)],
    ['AGENT_NOT_FOUND', !isAgent],
    ['WALLET_MISMATCH', isAgent && wallet !== undefined && wallet.toLowerCase() !== walletOf(agent).toLowerCase()],
    ['AGENT_BANNED', isAgent && banned],
    ['AGENT_FROZEN', isAgent && frozen],
    ['INSUFFICIENT_STAKE', isAgent && staked < terms.MIN_STAKE],
    ['INSUFFICIENT_UNLOCKED_STAKE', isAgent && staked - locked < bounty.stake],
  ]
  return refusals.flatMap(([code, isGiven]) => (isGiven ? [code] : []))
}

export const eligibilityFields = {
  // AgentStaking.accountOf
  agent: ({ agent }, answer) => ({
    id: idOf(agent.id),
    status: agreed(statusOf(agent), answer.agent?.status),
    stakedAmount: String(agent.account[0]),
    hasMinStake: agent.account[0] >= agent.terms.MIN_STAKE,
    unlockedAmount: String(agent.account[0] - agent.account[1]),
  }),
  // BountyMarket.getBounty
  run: ({ run: { id, bounty } }) => ({
    id: idOf(id),
    state: stateOf(bounty),
    reward: String(bounty.reward),
    stake: String(bounty.stake),
  }),
  // Both. Whether the API relays claims of so low a reward is not on the chain.
  reasonCodes: (evidence) => {
    const { bounty, clock } = evidence.run
    const isInTime = clock.isAtMost(BigInt(bounty.deadline))
    const lateness = isInTime instanceof EitherOf ? [false, true] : [!isInTime]
    const codes = lateness.map((isLate) => refusalsOf(evidence, isLate))
    return new EitherOf(...codes, ...codes.map((some) => ['REWARD_TOO_LOW', ...some]))
  },
  eligible: (_, { reasonCodes }) => reasonCodes?.length === 0,
  reasons: UNPROVEN,
} satisfies Rules<ClaimEvidence, ClaimEligibility>

/** The answered value if it is one of those that are true, else one of these. */
const agreed = (value: unknown, answered: unknown) =>
  value instanceof EitherOf ? (value.values.find((one) => one === answered) ?? value.values[0]) : value
