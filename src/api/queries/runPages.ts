import { type SQL, sql } from 'drizzle-orm'
import { ALL_RUNS, rewardBandWidth, run } from '../../../ponder.schema.ts'
import { selectMembers } from './json.ts'
import { bandListOf } from './runBands.ts'
import { shapeOf } from './runFilter.ts'
import { inOrder, type RunList, type RunOrder, sortKeyOf } from './runList.ts'
import { isBanded, NEAR_ROWS, rankedBands, type StartKind } from './runStarts.ts'
import { runSummaryMembers } from './runs.ts'
import { matchesOf } from './runTotal.ts'
import { asked, walksOf } from './runWalks.ts'
import { plainQuery, type SnapshotQuery, snapshotColumns } from './snapshot.ts'

/** The place of a row in its list: what the list is ordered by. */
export type RunPosition = { value: bigint; bountyId: bigint }

/** Where a page starts: behind a row, or at a number of rows from the top. */
export type RunStart = { after: RunPosition } | { offset: number }

/** A page that a request asks for. */
export type AskedPage = { start: RunStart; limit: number }

export type RunPage = {
  /** The JSON of each, and commas between. */
  runs: string
  /** How many match in all. */
  total: number
  /** Of the page's last row; null if no row follows. */
  end: RunPosition | null
}

const placeholder = sql.placeholder

/**
 * The runs that match, from each of the places in the list on. Ties go by the id, so that pages never overlap.
 * @param kind of every start.
 */
export function runPages(list: RunList, kind: StartKind, pages: readonly AskedPage[]): SnapshotQuery<RunPage[]> {
  const values = {
    ...list,
    ...(list.minReward !== undefined && bandsAt(list.minReward)),
    bandList: bandListOf(list) ?? ALL_RUNS,
    limits: pages.map(({ limit }) => limit),
    offsets: pages.map(({ start }) => ('offset' in start ? start.offset : null)),
    bountyIds: pages.map(({ start }) => ('after' in start ? start.after.bountyId : null)),
    values: pages.map(({ start }) => ('after' in start ? start.after.value : null)),
  }
  return statementOf(list, kind)(values, (_, rows) => {
    const read = new Map(rows.map((row) => [Number(row.place), row]))
    return pages.map(({ limit }, index) => decodePage(read.get(index + 1), limit))
  })
}

function decodePage(row: PageRow | undefined, limit: number): RunPage {
  if (row === undefined) throw new Error('A page that was asked for was not read')
  const { runs, total, found, last_id, last_value } = row
  const end = Number(found) > limit ? { value: BigInt(last_value), bountyId: BigInt(last_id) } : null
  return { runs, total: Number(total), end }
}

export function startKind(start: RunStart): StartKind {
  if ('after' in start) return 'after'
  return start.offset > NEAR_ROWS ? 'far' : 'near'
}

/** The band of the least reward, and the first band that has no lower reward. */
function bandsAt(minReward: bigint) {
  const splitBand = minReward - (minReward % rewardBandWidth(minReward))
  return { splitBand, wholeBand: splitBand === minReward ? splitBand : splitBand + rewardBandWidth(minReward) }
}

/** There are as many as combinations of filters, sorts, orders and kinds of start. */
const statements = new Map<string, ReturnType<typeof makeStatement>>()

function statementOf(list: RunList, start: StartKind) {
  const name = `runs ${list.sort} ${list.order} ${start} ${shapeOf(list)}`
  const statement = statements.get(name) ?? makeStatement(name, list, start)
  statements.set(name, statement)
  return statement
}

function makeStatement(name: string, list: RunList, start: StartKind) {
  return plainQuery<PageRow>(name, (db, snapshot) => {
    const matches = matchesOf(db, list)
    const ranked = isBanded(list, start) ? [db.$with('ranked', {}).as(rankedBands(db, list))] : []
    const page = db.$with('page', pageColumns).as(sql`
      select "asked"."place", "one".*
      from ${askedPages} cross join lateral (with ${walksOf(list, start)} ${pageOf(list)}) as "one"`)
    return db
      .with(snapshot, matches, ...ranked, page)
      .select({ ...snapshotColumns(snapshot), total: matches.total, ...pageColumns })
      .from(snapshot)
      .innerJoin(matches, sql`true`)
      .innerJoin(page, sql`true`)
  })
}

type PageRow = {
  /** Which of those that were asked for: the first is 1. */
  place: string
  total: string
  runs: string
  /** How many the walk came upon: one more than the page holds if any follow. */
  found: string
  /** Of the row that fills the page. */
  last_id: string
  last_value: string
}

/** A row for each page. What its kind of start has no use for is null. */
const askedPages = sql`
  unnest(${placeholder('limits')}::int4[], ${placeholder('offsets')}::int8[], ${placeholder('bountyIds')}::int8[],
    ${placeholder('values')}::int8[]) with ordinality as "asked" ("limit", "offset", "bounty_id", "value", "place")`

const pageColumns = {
  place: sql`"place"`.as('place'),
  runs: sql`"runs"`.as('runs'),
  found: sql`"found"`.as('found'),
  last_id: sql`"last_id"`.as('last_id'),
  last_value: sql`"last_value"`.as('last_value'),
}

/**
 * The walk's runs but the one that tells whether any follow, in one row. Joined from the left, or PostgreSQL might look
 * for them along an index of all runs that has their order.
 */
function pageOf(order: RunOrder): SQL {
  const listed = sql`
    select row_to_json("summary")::text as "json", ${run.bountyId} as "id", ${sortKeyOf(order)} as "value"
    from "walked" left join ${run} on ${run.bountyId} = "walked"."bounty_id"
      cross join lateral (${selectMembers(runSummaryMembers)}) as "summary"
    order by ${sql.join(inOrder(order), sql`, `)} limit ${asked.limit}`
  return sql`
    select coalesce(string_agg("json", ','), '') as "runs", (select count(*) from "walked") as "found",
      (array_agg("id"))[${asked.limit}] as "last_id", (array_agg("value"))[${asked.limit}] as "last_value"
    from (${listed}) as "listed"`
}
