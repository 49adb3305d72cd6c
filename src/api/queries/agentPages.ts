import { and, eq, gte, isNotNull, type SQL, sql } from 'drizzle-orm'
import { AGENT_BAND_IDS, type AgentStep, agent, recordOf } from '../../../ponder.schema.ts'
import { agentBands } from './agentBands.ts'
import { type AgentRow, type AgentStatus, agentColumns, agentStatus, agentStatuses } from './agents.ts'
import { createBatchedRead } from './batchedReads.ts'
import type { IndexReader } from './indexReader.ts'
import { type Page, type SnapshotQuery, snapshotQuery } from './snapshot.ts'

/** The most pages that one statement reads. */
const MAX_PAGES = 16

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
    const page = db
      .$with('page', {
        place: sql<number>`"place"`.mapWith(Number).as('place'),
        agentId: sql`"agent_id"`.as('agent_id'),
      })
      .as(sql`
        select "asked"."place", "one"."id" as "agent_id"
        from unnest(${sql.placeholder('limits')}::int8[], ${sql.placeholder('offsets')}::int8[])
          with ordinality as "asked" ("limit", "offset", "place")
        cross join lateral (
          select "near"."id" from "ranked" cross join lateral (
            select ${agent.id} from ${agent} where ${matching}
            order by ${agent.id} limit "asked"."limit" offset greatest("asked"."offset" - "before", 0)
          ) as "near"
          where "before" < "asked"."offset" + "asked"."limit" and "before" + "agents" > "asked"."offset"
          order by "near"."id" limit "asked"."limit"
        ) as "one"`)
    const row = db.select(agentColumns).from(agent).as('agent')
    return db
      .with(snapshot, bands, ranked, matches, page)
      .select()
      .from(snapshot)
      .innerJoin(matches, sql`true`)
      .leftJoin(page, sql`true`)
      .leftJoin(row, eq(row.id, page.agentId))
      .orderBy(page.place, page.agentId)
  })

  return (pages: readonly Page[]): SnapshotQuery<AgentPage[]> => {
    const values = { limits: pages.map(({ limit }) => limit), offsets: pages.map(({ offset }) => offset) }
    return readPages(values, ({ matches }, rows) => {
      const byPlace = Map.groupBy(rows, ({ page }) => page?.place)
      return pages.map((_, index) => ({
        agents: (byPlace.get(index + 1) ?? []).flatMap(({ agent }) => agent ?? []),
        total: matches.total,
      }))
    })
  }
}

/** Creates a function that reads pages of agents. Concurrent requests for pages of one status share a statement. */
export function createAgentPageReader(index: IndexReader) {
  const readers = recordOf(lists, (listed) => createBatchedRead(index, pageQuery(listed), { maxSize: MAX_PAGES }))

  /** @throws Problem INDEX_BEHIND if the index cannot be read, or does not reach `minBlock` in time. */
  return (status: AgentStatus | undefined, page: Page, minBlock?: bigint) => readers[status ?? 'all'](page, minBlock)
}
