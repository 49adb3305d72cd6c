import { and, asc, eq, getTableColumns, isNotNull, type SQL, sql } from 'drizzle-orm'
import type { Hex } from 'viem'
import { agent } from '../../../ponder.schema.ts'
import { ESTABLISHED_AFTER, ESTABLISHED_COMPLETIONS, MIN_STAKE } from '../constants.ts'
import { countMatches, isWithin, type Page } from './page.ts'
import { now, type SnapshotQuery, snapshotQuery } from './snapshot.ts'

/** The trust ladder: AgentStaking.Status, in its order. */
export const agentStatuses = ['UNVERIFIED', 'PROVISIONAL', 'ESTABLISHED', 'FROZEN', 'BANNED'] as const

export type AgentStatus = (typeof agentStatuses)[number]

/**
 * AgentStaking.statusOf for a row of `agent`, at the snapshot's `now`. The only place of the rule: the statement that
 * reads the row derives it, so that fields, filters and counts cannot disagree.
 */
export const agentStatus = sql<AgentStatus>`case
  when ${agent.banned} then 'BANNED'
  when ${agent.frozen} then 'FROZEN'
  when ${agent.stakedAmount} < ${MIN_STAKE}::numeric then 'UNVERIFIED'
  when ${agent.completions} >= ${ESTABLISHED_COMPLETIONS}::int4
    and ${now} >= ${agent.stakedAt} + ${ESTABLISHED_AFTER}::int8 then 'ESTABLISHED'
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

const findAgent = snapshotQuery('agent', (db, snapshot) => {
  const found = db.select(agentColumns).from(agent).where(isAgent).as('agent')
  return db.with(snapshot).select().from(snapshot).leftJoin(found, sql`true`)
})

/** The agent, or null if there is none. */
export function agentById(agentId: bigint): SnapshotQuery<AgentRow | null> {
  return findAgent({ agentId }, ({ agent }) => agent)
}

const listAgents = (name: string, condition: SQL | undefined) =>
  snapshotQuery(name, (db, snapshot) => {
    const matches = countMatches(db, agent, condition)
    const slice = db
      .select(agentColumns)
      .from(agent)
      .where(and(condition, isWithin))
      .orderBy(asc(agent.id))
      .limit(sql.placeholder('limit'))
      .offset(sql.placeholder('offset'))
      .as('agent')
    return db
      .with(snapshot, matches)
      .select()
      .from(snapshot)
      .innerJoin(matches, sql`true`)
      .leftJoin(slice, sql`true`)
      .orderBy(asc(slice.id))
  })

const listAllAgents = listAgents('agents', isRegistered)
const listAgentsOfStatus = listAgents(
  'agents of a status',
  and(isRegistered, sql`${agentStatus} = ${sql.placeholder('status')}`),
)

/** One page of the agents with the status, or of all, by id, and how many there are. */
export function agentPage(
  status: AgentStatus | undefined,
  page: Page,
): SnapshotQuery<{ agents: AgentRow[]; total: number }> {
  const list = status ? listAgentsOfStatus : listAllAgents
  return list({ status, ...page }, ({ matches }, rows) => ({
    agents: rows.flatMap(({ agent }) => agent ?? []),
    total: matches.total,
  }))
}
