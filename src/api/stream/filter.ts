import type { Address } from 'viem'
import type { Change, Standing } from '../queries/changes.ts'
import type { RunRow, RunState } from '../queries/runs.ts'
import type { Search } from '../queries/searches.ts'

/** Which runs and agents a stream is about. Its set: those that match now. */
export type StreamFilter = {
  /** The same for equal filters. */
  key: string
  types: readonly Change['type'][]
  state?: RunState | undefined
  /** USDC base units, inclusive. */
  minReward?: bigint | undefined
  poster?: Address | undefined
  /** The only wallet that may claim. */
  claimant?: Address | undefined
  /** The agent, and the runs that it has claimed. */
  agentId?: bigint | undefined
  runId?: bigint | undefined
} & Search

/**
 * Whether what changed is in the filter's set, has left it, or was not in it since the first of the change's standings.
 * @param briefs The briefs that the filter's search finds, if it has one.
 */
export function matchChange(filter: StreamFilter, change: Change, briefs: ReadonlySet<string> | undefined) {
  if (!filter.types.includes(change.type)) return 'never'
  if (change.type === 'agent') {
    if (filter.agentId !== undefined && filter.agentId !== change.id) return 'never'
    return change.row.owner === null ? 'left' : 'in'
  }
  if (!matchTerms(filter, change.row)) return 'never'
  if (briefs && !briefs.has(change.row.ipfsHash)) return 'never'
  const isIn = (standing: Standing) => matchStanding(filter, standing)
  if (isIn(change.row)) return 'in'
  return change.standings.some(isIn) ? 'left' : 'never'
}

function matchTerms({ runId, minReward, poster }: StreamFilter, { bountyId, reward, posterAddress }: RunRow) {
  if (runId !== undefined && runId !== bountyId) return false
  if (minReward !== undefined && reward < minReward) return false
  return poster === undefined || poster === posterAddress
}

function matchStanding({ state, agentId, claimant }: StreamFilter, standing: Standing): boolean {
  if (state !== undefined && state !== standing.state) return false
  if (claimant !== undefined && claimant !== standing.claimant) return false
  return agentId === undefined || agentId === standing.claimedBy
}
