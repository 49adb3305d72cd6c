import { zeroAddress } from 'viem'
import { runStates } from '../../ponder.schema.ts'
import { Problem } from './http/errors.ts'
import type { IndexReader } from './index/reader.ts'
import { createBatchedRead } from './queries/batchedReads.ts'
import { relayedRuns } from './queries/relayedRuns.ts'
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

type Row = NonNullable<Awaited<ReturnType<typeof relayedRuns>>[number]['run']>

/** The row as the contract returns it. */
const knownRun = ({ posterAddress, stakeRequired, evaluator, claimedBy, claimedByWallet, ...row }: Row): KnownRun => ({
  ...row,
  poster: posterAddress,
  stake: stakeRequired,
  deadline: Number(row.deadline),
  evaluator: evaluator ?? zeroAddress,
  agentId: Number(claimedBy ?? 0n),
  wallet: claimedByWallet ?? zeroAddress,
  state: runStates.indexOf(row.state) + 1,
})

/** The runs and agents that requests to the relay name, in the index. */
export function indexedRuns(index: IndexReader): IndexedRuns {
  const read = createBatchedRead(index, relayedRuns)

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
