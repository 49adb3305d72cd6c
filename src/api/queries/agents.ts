import { and, eq, getTableColumns, isNotNull, type SQL, sql } from 'drizzle-orm'
import type { Hex } from 'viem'
import { agent } from '../../../ponder.schema.ts'
import { ESTABLISHED_AFTER } from '../market/constants.ts'
import { now, type SnapshotQuery, snapshotQuery } from './snapshot.ts'

/** The trust ladder: AgentStaking.Status, in its order. */
export const agentStatuses = ['UNVERIFIED', 'PROVISIONAL', 'ESTABLISHED', 'FROZEN', 'BANNED'] as const

export type AgentStatus = (typeof agentStatuses)[number]

/** An agent that is PROVEN is ESTABLISHED if it is staked since this second or longer. */
export const establishedSince = sql`(${now} - ${sql.raw(String(ESTABLISHED_AFTER))})`

/**
 * AgentStaking.statusOf for a registered agent's row, at the snapshot's `now`. The only place of the rule: the statement
 * that reads the row derives it, so that fields and filters cannot disagree.
 */
export const agentStatus = sql<AgentStatus>`case
  when ${agent.step} <> 'PROVEN' then ${agent.step}
  when ${agent.stakedAt} <= ${establishedSince} then 'ESTABLISHED'
  else 'PROVISIONAL' end`

/** The registry knows the agent. A ban may name any id, and a foreign registry may burn: such a row is no agent. */
export const isRegistered: SQL = isNotNull(agent.owner)

/** Of registered agents, which have an owner. */
export const agentColumns = {
  ...getTableColumns(agent),
  owner: sql<Hex>`${agent.owner}`.as('owner'),
  status: agentStatus.as('status'),
}

export type AgentRow = typeof agent.$inferSelect & { owner: Hex; status: AgentStatus }

/** The registered agent with the id that the read fills in. */
export const isAgent = and(eq(agent.id, sql.placeholder('agentId')), isRegistered)

const findAgents = snapshotQuery('agents by id', (db, snapshot) => {
  const isAsked = sql`${agent.id} = ANY(${sql.placeholder('agentIds')}::numeric[])`
  const found = db.select(agentColumns).from(agent).where(and(isAsked, isRegistered)).as('agent')
  return db.with(snapshot).select().from(snapshot).leftJoin(found, sql`true`)
})

/** Each agent, or null where there is none. */
export function agentsById(agentIds: readonly bigint[]): SnapshotQuery<(AgentRow | null)[]> {
  return findAgents({ agentIds: agentIds.map(String) }, (_, rows) => {
    const found = new Map(rows.flatMap(({ agent }) => (agent ? [[agent.id, agent] as const] : [])))
    return agentIds.map((id) => found.get(id) ?? null)
  })
}
