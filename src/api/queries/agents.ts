import { and, eq, getTableColumns, isNotNull, type SQL, sql } from 'drizzle-orm'
import type { Hex } from 'viem'
import { ESTABLISHED_AFTER } from '../../../core/market/constants.ts'
import { agent } from '../../../ponder.schema.ts'
import { now, type SnapshotQuery, snapshotQuery } from './snapshot.ts'

/** The trust ladder: AgentStaking.Status, in its order. */
export const agentStatuses = ['UNVERIFIED', 'PROVISIONAL', 'ESTABLISHED', 'FROZEN', 'BANNED'] as const

export type AgentStatus = (typeof agentStatuses)[number]

/** A PROVEN agent is ESTABLISHED if its `stakedAt` is at or before this second. */
export const establishedSince = sql`(${now} - ${sql.raw(String(ESTABLISHED_AFTER))})`

/**
 * AgentStaking.statusOf for the row of a registered agent, at the snapshot's `now`. Fields and filters both use this
 * expression, so they cannot disagree.
 */
export const agentStatus = sql<AgentStatus>`case
  when ${agent.step} <> 'PROVEN' then ${agent.step}
  when ${agent.stakedAt} <= ${establishedSince} then 'ESTABLISHED'
  else 'PROVISIONAL' end`

/** A row without an owner is not an agent: a ban may name any id, and a foreign registry may burn a token. */
export const isRegistered: SQL = isNotNull(agent.owner)

/** The columns of registered agents, whose owner is never null. */
export const agentColumns = {
  ...getTableColumns(agent),
  owner: sql<Hex>`${agent.owner}`.as('owner'),
  status: agentStatus.as('status'),
}

const registered = (member: string) =>
  sql<string | null>`(select ${sql.raw(member)} from content.registration where uri = ${agent.agentURI})`

/** What the agent's registration file says, if it is stored here. It is no part of a block: it may come and go without one. */
export const registrationColumns = { name: registered('name'), description: registered('description') }

/** The columns that answers about agents show. */
export const shownAgentColumns = {
  ...agentColumns,
  name: registrationColumns.name.as('name'),
  description: registrationColumns.description.as('description'),
}

type Registration = { name: string | null; description: string | null }

export type AgentRow = typeof agent.$inferSelect & { owner: Hex; status: AgentStatus }

export type ShownAgentRow = AgentRow & Registration

/** The registered agent whose id is the placeholder `agentId`. */
export const isAgent = and(eq(agent.id, sql.placeholder('agentId')), isRegistered)

const findAgents = snapshotQuery('agents by id', (db, snapshot) => {
  const isAsked = sql`${agent.id} = ANY(${sql.placeholder('agentIds')}::numeric[])`
  const found = db.select(shownAgentColumns).from(agent).where(and(isAsked, isRegistered)).as('agent')
  return db.with(snapshot).select().from(snapshot).leftJoin(found, sql`true`)
})

/** Reads the agents with these ids, in their order; null if an id has no agent. */
export function agentsById(agentIds: readonly bigint[]): SnapshotQuery<(ShownAgentRow | null)[]> {
  return findAgents({ agentIds: agentIds.map(String) }, (_, rows) => {
    const found = new Map(rows.flatMap(({ agent }) => (agent ? [[agent.id, agent] as const] : [])))
    return agentIds.map((id) => found.get(id) ?? null)
  })
}
