import { zeroAddress } from 'viem'
import { runStates } from '../../ponder.schema.ts'
import { Problem } from './http/errors.ts'
import type { IndexReader } from './index/reader.ts'
import { agentsById } from './queries/agents.ts'
import { createBatchedRead } from './queries/batchedReads.ts'
import { type RunRow, runsById } from './queries/runs.ts'
import type { KnownRun } from './relay/chain/market.ts'
import type { IndexedRuns } from './relay/chain/views.ts'

/** How long a refusal waits for the index to show the chain's latest block. Then the chain is asked. */
const REACH_MS = 1_000

/** What the contract returns of a run that does not exist. */
const NO_RUN: KnownRun = {
  poster: zeroAddress,
  reward: 0n,
  stake: 0n,
  deadline: 0,
  workPeriod: 0,
  evaluator: zeroAddress,
  wallet: zeroAddress,
  agentId: 0,
  state: 0,
  revisions: 0,
  round: 0,
}

/** The row as the contract returns it. */
const knownRun = (row: RunRow): KnownRun => ({
  poster: row.posterAddress,
  reward: row.reward,
  stake: row.stakeRequired,
  deadline: Number(row.deadline),
  workPeriod: row.workPeriod,
  evaluator: row.evaluator ?? zeroAddress,
  wallet: row.claimedByWallet ?? zeroAddress,
  agentId: Number(row.claimedBy ?? 0n),
  state: runStates.indexOf(row.state) + 1,
  revisions: row.revisions,
  round: row.round,
})

/** The runs and agents that requests to the relay name, in the index. */
export function indexedRuns(index: IndexReader): IndexedRuns {
  const read = createBatchedRead(
    index,
    async (tx, { now }, names: readonly { bountyId: bigint; agentId?: bigint }[]) => {
      const bountyIds = names.map(({ bountyId }) => bountyId)
      const agentIds = names.flatMap(({ agentId }) => agentId ?? [])
      const runs = await runsById(tx, bountyIds)
      const agents = await agentsById(tx, now, agentIds)
      return names.map(({ bountyId, agentId }) => ({
        run: runs.get(bountyId),
        agent: agentId === undefined ? undefined : (agents[agentIds.indexOf(agentId)] ?? undefined),
      }))
    },
  )

  return async (named, block) => {
    try {
      const reach = block === undefined ? undefined : { block, signal: AbortSignal.timeout(REACH_MS) }
      const { snapshot, data } = await read(named, reach)
      if (block !== undefined && snapshot.number < block) return undefined
      const { number, hash } = snapshot
      const bounty = data.run ? knownRun(data.run) : NO_RUN
      return { bounty, claimant: data.run?.claimant ?? null, agent: data.agent, number, hash }
    } catch (error) {
      if (error instanceof Problem) return undefined
      throw error
    }
  }
}
