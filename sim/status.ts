import type { Status } from './oracle.ts'
import type { ReplayedAgent } from './replay.ts'

/** The ladder of AgentStaking.statusOf, which nobody can ask at a block that a reorg took away. */
export function statusOf(agent: ReplayedAgent, now: bigint): Status {
  const { banned, frozen, stakedAmount, stakedAt, completions } = agent
  if (banned) return 'BANNED'
  if (frozen) return 'FROZEN'
  if (stakedAmount < 20_000_000n) return 'UNVERIFIED'
  return completions >= 5 && now >= stakedAt + 30n * 86_400n ? 'ESTABLISHED' : 'PROVISIONAL'
}
