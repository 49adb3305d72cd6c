import { and, inArray, isNotNull } from 'drizzle-orm'
import { agent, run } from '../../../ponder.schema.ts'
import type { Tx } from '../index/reader.ts'
import type { Snapshot } from '../index/snapshot.ts'
import { storableIds } from './runs.ts'

const runColumns = {
  bountyId: run.bountyId,
  posterAddress: run.posterAddress,
  reward: run.reward,
  stakeRequired: run.stakeRequired,
  deadline: run.deadline,
  workPeriod: run.workPeriod,
  evaluator: run.evaluator,
  claimant: run.claimant,
  claimedBy: run.claimedBy,
  claimedByWallet: run.claimedByWallet,
  state: run.state,
  revisions: run.revisions,
  round: run.round,
}

const agentColumns = {
  id: agent.id,
  owner: agent.owner,
  agentWallet: agent.agentWallet,
  stakedAmount: agent.stakedAmount,
  lockedAmount: agent.lockedAmount,
  frozen: agent.frozen,
  banned: agent.banned,
}

/** Reads what the relay checks: of each run, and of the agent that asks for it. */
export async function relayedRuns(tx: Tx, _: Snapshot, names: readonly { bountyId: bigint; agentId?: bigint }[]) {
  const bountyIds = storableIds(names.map(({ bountyId }) => bountyId))
  const agentIds = names.flatMap(({ agentId }) => agentId ?? [])
  const runs =
    bountyIds.length === 0 ? [] : await tx.select(runColumns).from(run).where(inArray(run.bountyId, bountyIds))
  const isAsked = and(inArray(agent.id, agentIds), isNotNull(agent.owner))
  const agents = agentIds.length === 0 ? [] : await tx.select(agentColumns).from(agent).where(isAsked)
  const runOf = new Map(runs.map((one) => [one.bountyId, one]))
  const agentOf = new Map(agents.map((one) => [one.id, one]))
  return names.map(({ bountyId, agentId }) => ({
    run: runOf.get(bountyId),
    agent: agentId === undefined ? undefined : agentOf.get(agentId),
  }))
}
