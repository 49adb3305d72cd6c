import type { Status } from './oracle.ts'
import type { ReplayedAgent } from './replay.ts'

/** The ladder of AgentStaking.statusOf, for blocks that a reorg dropped, at which no node can be asked. */
export function statusOf(agent: ReplayedAgent, now: bigint): Status {
  const { banned, frozen, stakedAmount, stakedAt, completions } = agent
  if (banned) return 'BANNED'
  if (frozen) return 'FROZEN'
  if (stakedAmount < 20_000_000n) return 'UNVERIFIED'
  return completions >= 5 && now >= stakedAt + 30n * 86_400n ? 'ESTABLISHED' : 'PROVISIONAL'
}
