import { and, asc, desc, eq, gte, inArray, isNotNull, isNull, or, type SQL } from 'drizzle-orm'
import type { Address } from 'viem'
import { agent, run } from '../../../ponder.schema.ts'
import { inlineRegistration } from '../content/inlineRegistration.ts'
import type { Tx } from '../index/reader.ts'
import type { Snapshot } from '../index/snapshot.ts'
import { selectAgents, withStatus } from './agents.ts'
import { registration } from './content.ts'
import { selectSummaries } from './runs.ts'

/** How many agents of an account are shown, and how many runs of each list. */
const MOST_AGENTS = 40
const MOST_RUNS = 20

/**
 * Reads the agents of an account, which it owns or acts for, and the runs that wait for the account or for one of them: to
 * be reviewed, to be delivered, and to be claimed by the account alone; of a poster, those whose claimant it has to name.
 */
export async function accountByAddress(tx: Tx, block: Snapshot, account: Address) {
  const rows = await selectAgents(tx)
    .where(and(isNotNull(agent.step), or(eq(agent.owner, account), eq(agent.agentWallet, account))))
    .orderBy(asc(agent.id))
    .limit(MOST_AGENTS)
  const agents = rows.map((row) => withStatus(row, block.now))
  const isReviewer = or(eq(run.evaluator, account), and(isNull(run.evaluator), eq(run.posterAddress, account)))
  const agentIds = agents.map(({ id }) => id)
  const isWorker = inArray(run.claimedBy, agentIds)
  return {
    agents,
    toClaim: await newestRuns(tx, and(eq(run.state, 'OPEN'), eq(run.claimant, account), gte(run.deadline, block.now))),
    toReview: await newestRuns(tx, and(eq(run.state, 'SUBMITTED'), isReviewer)),
    toDeliver: await newestRuns(
      tx,
      and(inArray(run.state, ['CLAIMED', 'IN_PROGRESS', 'REVISION_REQUESTED']), isWorker),
    ),
  }
}

const newestRuns = (tx: Tx, where: SQL | undefined) =>
  selectSummaries(tx).where(where).orderBy(desc(run.bountyId)).limit(MOST_RUNS)

/** The names of agents by their registration files, as far as these are stored, or in the URI itself. */
export async function agentNames(tx: Tx, ids: readonly (bigint | null)[]): Promise<AgentNames> {
  const asked = [...new Set(ids)].filter((id) => id !== null)
  const rows = await tx
    .select({ id: agent.id, agentURI: agent.agentURI, name: registration.name })
    .from(agent)
    .leftJoin(registration, eq(registration.uri, agent.agentURI))
    .where(inArray(agent.id, asked))
  return new Map(rows.map(({ id, agentURI, name }) => [String(id), inlineRegistration(agentURI)?.name ?? name]))
}

/** By the agent's id in decimal digits. */
export type AgentNames = ReadonlyMap<string, string | null>
