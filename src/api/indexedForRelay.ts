import { inArray } from 'drizzle-orm'
import { type Address, getAddress, zeroAddress } from 'viem'
import { nothingOwed, type OpenRefusal, openRunError } from '../../core/market/openErrors.ts'
import { payee, runStates } from '../../ponder.schema.ts'
import { unlessProblem } from './http/errors.ts'
import { refusalOfRead } from './http/refusals.ts'
import type { IndexReader } from './index/reader.ts'
import { agentsById } from './queries/agents.ts'
import { createBatchedRead } from './queries/batchedReads.ts'
import { type RunTerms, runsById } from './queries/runs.ts'
import type { KnownRun } from './relay/chain/market.ts'
import type { IndexedRuns } from './relay/chain/views.ts'
import type { IndexedUnstakers } from './relay/kinds/accounts/examine.ts'
import type { IndexedCalls } from './relay/kinds/open/kind.ts'
import { Refusal } from './relay/refusal.ts'

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
const knownRun = (row: RunTerms): KnownRun => ({
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

/** What the index shows, for the relay. Concurrent calls share a transaction. */
export function indexedForRelay(index: IndexReader) {
  /** Reads the run and the agent that a request names. */
  const readNamed = createBatchedRead(
    index,
    async (tx, { now }, names: readonly { bountyId?: bigint; agentId?: bigint }[]) => {
      const agentIds = names.flatMap(({ agentId }) => agentId ?? [])
      const runs = await runsById(
        tx,
        names.flatMap(({ bountyId }) => bountyId ?? []),
      )
      const agents = agentIds.length > 0 ? await agentsById(tx, now, agentIds) : []
      return names.map(({ bountyId, agentId }) => ({
        run: bountyId === undefined ? undefined : runs.get(bountyId),
        agent: agentId === undefined ? undefined : (agents[agentIds.indexOf(agentId)] ?? undefined),
      }))
    },
  )

  /** In USDC base units. The fees that the market owes to the treasury are not among it. */
  const readOwed = createBatchedRead(index, async (tx, _, payees: readonly Address[]) => {
    const addresses = payees.map((account) => account.toLowerCase() as Address)
    const rows = await tx.select().from(payee).where(inArray(payee.address, addresses))
    const owed = new Map(rows.map((row) => [row.address, row.owed]))
    return addresses.map((address) => owed.get(address) ?? 0n)
  })

  const indexedRuns: IndexedRuns = async (named, block) => {
    const reach = block === undefined ? undefined : { block, signal: AbortSignal.timeout(REACH_MS) }
    const found = await readNamed(named, reach).catch(unlessProblem)
    if (!found || (block !== undefined && found.snapshot.number < block)) return undefined
    const { run, agent } = found.data
    const { number, hash } = found.snapshot
    return { bounty: run ? knownRun(run) : NO_RUN, claimant: run?.claimant ?? null, agent, number, hash }
  }

  const indexedCalls: IndexedCalls = refusing(async (call, block) => {
    await index.reach(block)
    if (call.action === 'collect') {
      const { data: owed } = await readOwed(call.payee)
      return { round: 0n, refusal: owed > 0n ? undefined : refusalOf(nothingOwed(call.payee)) }
    }
    const { snapshot, data } = await readNamed({ bountyId: call.bountyId })
    const { run } = data
    return (
      run && {
        round: BigInt(run.round),
        reward: run.reward,
        refusal: refusalOf(openRunError(call.action, run, snapshot.now)),
      }
    )
  })

  /** Who may unstake. */
  const indexedUnstakers: IndexedUnstakers = refusing(async (agentId, block) => {
    await index.reach(block)
    const { agent } = (await readNamed({ agentId })).data
    return [agent?.owner, agent?.agentWallet].flatMap((account) => (account ? [getAddress(account)] : []))
  })

  return { indexedRuns, indexedCalls, indexedUnstakers }
}

/** The read, which throws a Refusal RELAY_UNAVAILABLE where the index cannot be read. */
const refusing =
  <Arguments extends unknown[], Answer>(read: (...given: Arguments) => Promise<Answer>) =>
  (...given: Arguments): Promise<Answer> =>
    read(...given).catch((error) => {
      throw refusalOfRead(error)
    })

const refusalOf = (refused: OpenRefusal | undefined) =>
  refused && new Refusal(refused.code, refused.sentence, { extensions: refused.extensions })
