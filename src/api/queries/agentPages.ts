import { and, asc, count, eq, gt, isNotNull, isNull, lte, or, type SQL, sql, sum } from 'drizzle-orm'
import type { Address } from 'viem'
import { agent, recordOf } from '../../../ponder.schema.ts'
import type { Read, Tx } from '../index/reader.ts'
import type { Snapshot } from '../index/snapshot.ts'
import { type AgentRow, type AgentStatus, agentColumns, agentStatuses, establishedSince, withStatus } from './agents.ts'
import { registration } from './content.ts'

/** A slice of an ordered list. */
export type Page = { limit: number; offset: number }

export type AgentPage = {
  agents: AgentRow[]
  /** The number of agents in the list. */
  total: number
}

/** Agents of a status, of an owner, or for which a wallet acts. Those that are absent choose nothing. */
export type AgentFilter = {
  status?: AgentStatus | undefined
  owner?: Address | undefined
  wallet?: Address | undefined
}

/** An agent without a wallet of its own is its owner's to act for. */
const actsFor = (wallet: Address): SQL | undefined =>
  or(eq(agent.agentWallet, wallet), and(isNull(agent.agentWallet), eq(agent.owner, wallet)))

/** The registered agents with the status; an agent that is not registered has no step. */
function inStatus(status: AgentStatus | undefined, now: bigint): SQL | undefined {
  const isProven = eq(agent.step, 'PROVEN')
  if (status === undefined) return isNotNull(agent.step)
  if (status === 'ESTABLISHED') return and(isProven, lte(agent.stakedAt, establishedSince(now)))
  if (status !== 'PROVISIONAL') return eq(agent.step, status)
  return or(eq(agent.step, status), and(isProven, gt(agent.stakedAt, establishedSince(now))))
}

/**
 * A page of the agents that match, in the order of their ids.
 * @param counts reads `agentCounts`, which has the total unless an account is asked for.
 */
export async function pageOfAgents(
  tx: Tx,
  block: Snapshot,
  { status, owner, wallet }: AgentFilter,
  { limit, offset }: Page,
  counts: Read<AgentCounts>,
): Promise<AgentPage> {
  const where = and(inStatus(status, block.now), owner && eq(agent.owner, owner), wallet && actsFor(wallet))
  const page = tx
    .select({ id: agent.id })
    .from(agent)
    .where(where)
    .orderBy(asc(agent.id))
    .limit(limit)
    .offset(offset)
    .as('page')
  const rows = await tx
    .select(agentColumns)
    .from(page)
    .innerJoin(agent, eq(agent.id, page.id))
    .leftJoin(registration, eq(registration.uri, agent.agentURI))
    .orderBy(asc(agent.id))
  const agents = rows.map((row) => withStatus(row, block.now))
  if (owner || wallet) {
    const [counted] = await tx.select({ total: count() }).from(agent).where(where)
    return { agents, total: counted?.total ?? 0 }
  }
  const { byStatus } = await counts(tx, block)
  const total = status === undefined ? agentStatuses.reduce((all, one) => all + byStatus[one], 0) : byStatus[status]
  return { agents, total }
}

export type AgentCounts = { byStatus: Record<AgentStatus, number>; staked: bigint; feesPaid: bigint }

/** How many agents have each status, and the stakes and fees of all ids, also of agents that the registry burned. */
export async function agentCounts(tx: Tx, { now }: Snapshot): Promise<AgentCounts> {
  const [counts] = await tx
    .select({
      ...recordOf(agentStatuses, (status) => sql`count(*) filter (where ${inStatus(status, now)})`.mapWith(Number)),
      staked: sum(agent.stakedAmount),
      feesPaid: sum(agent.feesPaid),
    })
    .from(agent)
  return {
    byStatus: recordOf(agentStatuses, (status) => counts?.[status] ?? 0),
    staked: BigInt(counts?.staked ?? 0),
    feesPaid: BigInt(counts?.feesPaid ?? 0),
  }
}
