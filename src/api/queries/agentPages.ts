import { and, eq, gte, isNotNull, type SQL, sql } from 'drizzle-orm'
import { AGENT_BAND_IDS, type AgentStep, agent, recordOf } from '../../../ponder.schema.ts'
import { agentBands } from './agentBands.ts'
import { type AgentRow, type AgentStatus, agentColumns, agentStatus, agentStatuses } from './agents.ts'
import { type Page, type SnapshotQuery, snapshotQuery } from './snapshot.ts'

const limit = sql`${sql.placeholder('limit')}::int8`
const offset = sql`${sql.placeholder('offset')}::int8`

type AgentPage = {
  agents: AgentRow[]
  /** The number of agents in the list. */
  total: number
}

/** A list has the agents of one status, or all agents. */
const lists = ['all', ...agentStatuses] as const
type Listed = (typeof lists)[number]

const isOn = (step: AgentStep) => eq(agent.step, step)

/**
 * The condition of each list. Where the step decides the status, it compares the step only, which an index leads with.
 */
const isListed: Record<Listed, SQL | undefined> = {
  all: isNotNull(agent.step),
  UNVERIFIED: isOn('UNVERIFIED'),
  PROVISIONAL: and(isNotNull(agent.step), sql`${agentStatus} = 'PROVISIONAL'`),
  ESTABLISHED: and(isOn('PROVEN'), sql`${agentStatus} = 'ESTABLISHED'`),
  FROZEN: isOn('FROZEN'),
  BANNED: isOn('BANNED'),
}

/**
 * Pages of agents in the order of their ids. The bands give the total, and the band in which a page begins. So a page
 * skips at most the ids of one band.
 */
function pageQuery(listed: Listed) {
  const readPages = snapshotQuery(`agents ${listed}`, (db, snapshot) => {
    const bands = agentBands(db, listed === 'PROVISIONAL' || listed === 'ESTABLISHED')
    const all = sql.join(
      agentStatuses.map((status) => sql`${bands[status]}`),
      sql` + `,
    )
    const counted = sql`sum(${listed === 'all' ? all : bands[listed]})`
    const ranked = db.$with('ranked', {}).as(sql`
      select ${bands.lowest}, ${counted} as "agents", sum(${counted}) over (order by ${bands.lowest}) - ${counted} as "before"
      from ${bands} group by ${bands.lowest} having ${counted} > 0`)
    const matches = db
      .$with('matches', { total: sql<number>`"total"`.mapWith(Number).as('total') })
      .as(sql`select coalesce(sum("agents"), 0) as "total" from "ranked"`)
    const matching = and(
      isListed[listed],
      gte(agent.id, sql`"ranked"."lowest"`),
      sql`${agent.id} < "ranked"."lowest" + ${sql.raw(String(AGENT_BAND_IDS))}`,
    )
    const page = db.$with('page', { agentId: sql`"id"`.as('id') }).as(sql`
      select "near"."id" from "ranked" cross join lateral (
        select ${agent.id} from ${agent} where ${matching}
        order by ${agent.id} limit ${limit} offset greatest(${offset} - "before", 0)
      ) as "near"
      where "before" < ${offset} + ${limit} and "before" + "agents" > ${offset}
      order by "near"."id" limit ${limit}`)
    const row = db.select(agentColumns).from(agent).as('agent')
    return db
      .with(snapshot, bands, ranked, matches, page)
      .select()
      .from(snapshot)
      .innerJoin(matches, sql`true`)
      .leftJoin(page, sql`true`)
      .leftJoin(row, eq(row.id, page.agentId))
      .orderBy(page.agentId)
  })

  return (page: Page): SnapshotQuery<AgentPage> =>
    readPages(page, ({ matches }, rows) => ({ agents: rows.flatMap(({ agent }) => agent ?? []), total: matches.total }))
}

const queries = recordOf(lists, pageQuery)

/** Reads a page of the agents with the status, or of all agents. */
export const pageOfAgents = (status: AgentStatus | undefined, page: Page): SnapshotQuery<AgentPage> =>
  queries[status ?? 'all'](page)
