import { type Address, isAddressEqual, zeroAddress } from 'viem'
import { type Replay, type ReplayedAgent, type ReplayedRun, replay } from './replay.ts'
import type { World } from './world.ts'

const states = [
  'NONE',
  'DRAFT',
  'OPEN',
  'CLAIMED',
  'IN_PROGRESS',
  'SUBMITTED',
  'APPROVED',
  'REVISION_REQUESTED',
  'REJECTED',
] as const

const statuses = ['UNVERIFIED', 'PROVISIONAL', 'ESTABLISHED', 'FROZEN', 'BANNED'] as const

export type Status = (typeof statuses)[number]

/** A field in which two accounts of the market disagree. */
export type Difference = { subject: string; field: string; expected: unknown; actual: unknown }

/** The market at one block: its logs replayed, and the trust ladder as the contract reports it. */
export type Truth = Replay & { blockNumber: bigint; timestamp: bigint; statuses: Map<bigint, Status> }

/**
 * Replays the logs up to `blockNumber` and compares the result with the contracts' views at that block.
 * @throws with the differences: if the logs do not reproduce the state, no comparison with the index means anything.
 */
export async function readTruth(world: World, blockNumber: bigint): Promise<Truth> {
  const replayed = await replay(world, blockNumber)
  const { timestamp } = await world.node.getBlock({ blockNumber })
  const truth: Truth = { ...replayed, blockNumber, timestamp, statuses: new Map() }
  const differences: Difference[] = []
  for (const run of truth.runs.values()) differences.push(...(await checkRun(world, run, blockNumber)))
  for (const agent of truth.agents.values()) {
    differences.push(...(await checkAgent(world, agent, blockNumber)))
    const status = await world.node.readContract({
      ...world.contracts.staking,
      functionName: 'statusOf',
      args: [agent.id],
      blockNumber,
    })
    truth.statuses.set(agent.id, statuses[status] as Status)
  }
  if (differences.length > 0) throw new Error(`logs and views disagree at block ${blockNumber}:\n${list(differences)}`)
  return truth
}

/** One difference per line. */
export function list(differences: Difference[]): string {
  return differences
    .map(({ subject, field, expected, actual }) => `${subject}.${field}: expected ${expected}, got ${actual}`)
    .join('\n')
}

/** The fields in which `actual` differs from `expected`; fields that `expected` lacks do not count. */
export function compare(
  subject: string,
  expected: Record<string, unknown>,
  actual: Record<string, unknown>,
): Difference[] {
  return Object.keys(expected)
    .filter((field) => expected[field] !== actual[field])
    .map((field) => ({ subject, field, expected: expected[field], actual: actual[field] }))
}

async function checkRun(world: World, run: ReplayedRun, blockNumber: bigint): Promise<Difference[]> {
  const bounty = await world.node.readContract({
    ...world.contracts.market,
    functionName: 'getBounty',
    args: [run.bountyId],
    blockNumber,
  })
  const claimed = !isAddressEqual(bounty.wallet, zeroAddress)
  return compare(`bounty ${run.bountyId}`, pickRun(run), {
    posterAddress: bounty.poster,
    reward: bounty.reward,
    deadline: BigInt(bounty.deadline),
    state: states[bounty.state],
    claimedBy: claimed ? BigInt(bounty.agentId) : null,
    claimedByWallet: claimed ? bounty.wallet : null,
    revisions: bounty.revisions,
    round: bounty.round,
    workPeriod: bounty.workPeriod,
    stakeRequired: bounty.stake,
    evaluator: isAddressEqual(bounty.evaluator, zeroAddress) ? null : bounty.evaluator,
    ...dueOf(bounty),
  })
}

function pickRun({
  posterAddress,
  reward,
  deadline,
  state,
  claimedBy,
  claimedByWallet,
  revisions,
  round,
  workPeriod,
  stakeRequired,
  evaluator,
  submitBy,
  reviewBy,
}: ReplayedRun) {
  const claim = { claimedBy, claimedByWallet, revisions, round, submitBy, reviewBy }
  return { posterAddress, reward, deadline, state, ...claim, workPeriod, stakeRequired, evaluator }
}

/** When delivery or review is due, by the market's rules. */
function dueOf({ state, since, workPeriod }: { state: number; since: number; workPeriod: number }) {
  const name = states[state]
  const awaitsWork = name === 'CLAIMED' || name === 'IN_PROGRESS' || name === 'REVISION_REQUESTED'
  return {
    submitBy: awaitsWork ? BigInt(since + workPeriod) : null,
    reviewBy: name === 'SUBMITTED' ? BigInt(since + 7 * 86_400) : null,
  }
}

async function checkAgent(world: World, agent: ReplayedAgent, blockNumber: bigint): Promise<Difference[]> {
  const { node, contracts } = world
  const [staked, locked, stakedAt, completions, slashes, frozen, banned] = await node.readContract({
    ...contracts.staking,
    functionName: 'accountOf',
    args: [agent.id],
    blockNumber,
  })
  const views = { stakedAmount: staked, lockedAmount: locked, stakedAt, frozen, banned }
  const counters = { completions: Number(completions), slashes: Number(slashes) }
  const { volume: _, agentURI: __, ...expected } = agent
  return compare(`agent ${agent.id}`, expected, {
    id: agent.id,
    ...(await identityOf(world, agent.id, blockNumber)),
    ...views,
    ...counters,
  })
}

async function identityOf({ node, contracts }: World, agentId: bigint, blockNumber: bigint) {
  const owner: Address = await node.readContract({
    ...contracts.registry,
    functionName: 'ownerOf',
    args: [agentId],
    blockNumber,
  })
  const wallet = await node.readContract({
    ...contracts.registry,
    functionName: 'getAgentWallet',
    args: [agentId],
    blockNumber,
  })
  return { owner, agentWallet: isAddressEqual(wallet, zeroAddress) ? null : wallet }
}
