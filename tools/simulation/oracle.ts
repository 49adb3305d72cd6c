import type { Address } from 'viem'
import { ChainState } from '../../ops/audit/chainState.ts'
import { type Replay, type ReplayedAgent, replay } from './replay.ts'
import type { World } from './world.ts'

/** A field in which two accounts of the market disagree. */
export type Difference = { subject: string; field: string; expected: unknown; actual: unknown }

/** The market at one block, by the logs up to it. */
export type Truth = { number: bigint; timestamp: bigint; state: Replay }

/**
 * Replays the logs up to the latest block, and compares the result with the contracts' views at that block.
 * @throws with the differences: if the logs do not reproduce the state, no comparison with the index means anything.
 */
export async function readTruth(world: World): Promise<Truth> {
  const { number, hash, timestamp } = await world.node.getBlock()
  const state = await replay(world, number)
  const differences = await compareViews(state, new ChainState(world.node, world.deployment, hash), timestamp)
  if (differences.length > 0) throw new Error(`logs and views disagree at block ${number}:\n${list(differences)}`)
  return { number, timestamp, state }
}

async function compareViews(state: Replay, views: ChainState, timestamp: bigint): Promise<Difference[]> {
  const runs = [...state.runs.values()]
  const agents = [...state.agents.values()]
  const bounties = await views.runs(runs.map(({ bountyId }) => bountyId))
  const accounts = await views.agents(agents.map(({ id }) => id))
  return [
    ...compare('market', { bountyCount: await views.bountyCount() }, { bountyCount: BigInt(runs.length) }),
    ...runs.flatMap((run, place) => compare(`bounty ${run.bountyId}`, bounties[place] ?? { exists: false }, run)),
    ...agents.flatMap((agent, place) => {
      const { id, owner, agentWallet } = agent
      const addresses = { owner: lowerCase(owner), agentWallet: lowerCase(agentWallet) }
      const replayed = { ...agent, ...addresses, status: statusOf(agent, timestamp) }
      return compare(`agent ${id}`, accounts[place] ?? { exists: false }, replayed)
    }),
  ]
}

const lowerCase = (address: Address | null) => address?.toLowerCase() ?? null

/** The ladder of AgentStaking.statusOf, for blocks that a reorg dropped, at which no node can be asked. */
export function statusOf({ banned, frozen, stakedAmount, stakedAt, completions }: ReplayedAgent, now: bigint) {
  if (banned) return 'BANNED'
  if (frozen) return 'FROZEN'
  if (stakedAmount < 20_000_000n) return 'UNVERIFIED'
  return completions >= 5 && now >= stakedAt + 30n * 86_400n ? 'ESTABLISHED' : 'PROVISIONAL'
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
