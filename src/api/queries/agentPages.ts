import { and, asc, eq, isNotNull, type SQL, sql } from 'drizzle-orm'
import { agent, recordOf } from '../../../ponder.schema.ts'
import { agentCounts } from './agentCounts.ts'
import { type AgentStatus, agentStatuses, establishedSince, type ShownAgentRow, shownAgentColumns } from './agents.ts'
import { isFar, type PageRead } from './pageReader.ts'
import { type Page, type SnapshotQuery, snapshotQuery } from './snapshot.ts'

type AgentPage = {
  agents: ShownAgentRow[]
  /** The number of agents in the list. */
  total: number
}

/** A list has the agents of one status, or all agents. */
const lists = ['all', ...agentStatuses] as const
type Listed = (typeof lists)[number]

const limit = sql`${sql.placeholder('limit')}::int8`
const offset = sql`${sql.placeholder('offset')}::int8`

/** Not more than the list has from the offset on, so that a walk does not go on to the end of the index. */
const rows = sql`greatest(least(${limit}, (select "total" from "matches") - ${offset}), 0)`

const ids = (condition: SQL | undefined) => sql`select ${agent.id} from ${agent} where ${condition}`
const walk = (condition: SQL | undefined) => sql`${ids(condition)} order by ${agent.id} limit ${rows} offset ${offset}`
const isYoung = and(eq(agent.step, 'PROVEN'), sql`${agent.stakedAt} > ${establishedSince}`)

/**
 * The ids of each list's page, in order. An index has the agents of a step by id. Two steps can be PROVISIONAL: those of
 * the second are the PROVEN agents of the last 30 days, which are gathered and sorted.
 */
const found: Record<Listed, SQL> = {
  // By `step` too, because PostgreSQL would prefer the primary key, and read from the table whether an agent has one.
  all: sql`${ids(isNotNull(agent.step))} order by ${agent.id}, ${agent.step} limit ${rows} offset ${offset}`,
  UNVERIFIED: walk(eq(agent.step, 'UNVERIFIED')),
  PROVISIONAL: sql`
    select "id" from (
      (${ids(eq(agent.step, 'PROVISIONAL'))} order by ${agent.id} limit ${offset} + ${rows})
      union all (${ids(isYoung)} order by ${agent.stakedAt})
    ) as "either" order by "id" limit ${rows} offset ${offset}`,
  ESTABLISHED: walk(and(eq(agent.step, 'PROVEN'), sql`${agent.stakedAt} <= ${establishedSince}`)),
  FROZEN: walk(eq(agent.step, 'FROZEN')),
  BANNED: walk(eq(agent.step, 'BANNED')),
}

/** Pages of agents in the order of their ids. */
function pageQuery(listed: Listed) {
  const readPage = snapshotQuery(`agents ${listed}`, (db, snapshot) => {
    const counts = agentCounts(db)
    const counted =
      listed === 'all'
        ? sql.join(
            agentStatuses.map((status) => sql`${counts[status]}`),
            sql` + `,
          )
        : counts[listed]
    const matches = db
      .$with('matches')
      .as(db.select({ total: sql<number>`${counted}`.mapWith(Number).as('total') }).from(counts))
    const page = db
      .$with('page', { agentId: sql`"agent_id"`.as('agent_id') })
      .as(sql`select "id" as "agent_id" from (${found[listed]}) as "found"`)
    const row = db.select(shownAgentColumns).from(agent).as('agent')
    return db
      .with(snapshot, counts, matches, page)
      .select()
      .from(snapshot)
      .innerJoin(matches, sql`true`)
      .leftJoin(page, sql`true`)
      .leftJoin(row, eq(row.id, page.agentId))
      .orderBy(asc(page.agentId))
  })

  return (page: Page): SnapshotQuery<AgentPage> =>
    readPage(page, ({ matches }, rows) => ({ agents: rows.flatMap(({ agent }) => agent ?? []), total: matches.total }))
}

const queries = recordOf(lists, pageQuery)

/** A page of the agents with the status, or of all agents. */
export const pageOfAgents = (status: AgentStatus | undefined, page: Page): PageRead<AgentPage> => ({
  query: queries[status ?? 'all'](page),
  isExpensive: isFar(page.offset),
})
