import { and, asc, desc, not, type SQL, sql } from 'drizzle-orm'
import { bandOf, bandWidth, run } from '../../../ponder.schema.ts'
import { selectMembers } from './json.ts'
import { matching, type RunFilter, shapeOf } from './runFilter.ts'
import { runSummaryMembers } from './runs.ts'
import { matchesOf } from './runTotal.ts'
import { plainQuery, type SnapshotQuery, snapshotColumns } from './snapshot.ts'

export type RunOrder = { sort: 'createdAt' | 'reward' | 'deadline'; order: 'asc' | 'desc' }

/** The place of a row in its list: what the list is ordered by. */
export type RunPosition = { value: bigint; bountyId: bigint }

/** Where a page starts: behind a row, or at a number of rows from the top. */
export type RunStart = { after: RunPosition } | { offset: number }

export type RunPage = {
  /** The JSON of each, and commas between. */
  runs: string
  /** How many match in all. */
  total: number
  /** Of the page's last row; null if no row follows. */
  end: RunPosition | null
}

const placeholder = sql.placeholder

/** The runs that match, from a place in the list on. Ties go by the id, so that pages never overlap. */
export function runPage(filter: RunFilter, order: RunOrder, start: RunStart, limit: number): SnapshotQuery<RunPage> {
  const { minReward } = filter
  const values = {
    ...filter,
    ...(minReward !== undefined && { wholeBand: wholeBandFrom(minReward) }),
    ...('after' in start ? start.after : start),
    limit,
    // One more than the page holds tells whether any follow.
    rows: limit + 1,
  }
  const list = listOf(filter, order, startKind(start))
  return list(values, ({ runs, total, found, last_id, last_value }) => {
    const end = Number(found) > limit ? { value: BigInt(last_value), bountyId: BigInt(last_id) } : null
    return { runs, total: Number(total), end }
  })
}

type StartKind = 'top' | 'after' | 'offset'

function startKind(start: RunStart): StartKind {
  if ('after' in start) return 'after'
  return start.offset === 0 ? 'top' : 'offset'
}

/** Ids count up, so that they are in the order of `createdAt`. */
function inOrder({ sort, order }: RunOrder): SQL[] {
  const direction = order === 'asc' ? asc : desc
  return sort === 'createdAt' ? [direction(run.bountyId)] : [direction(run[sort]), direction(run.bountyId)]
}

/** What the list is ordered by first. */
function sortKeyOf({ sort }: RunOrder) {
  return sort === 'createdAt' ? run.bountyId : run[sort]
}

/** The first band that is not below `minReward` in any part. */
function wholeBandFrom(minReward: bigint): bigint {
  const lowest = bandOf(minReward)
  return lowest === minReward ? lowest : lowest + bandWidth(minReward)
}

/** There are as many as combinations of filters, sorts, orders and kinds of start: 648 at most. */
const lists = new Map<string, ReturnType<typeof makeList>>()

function listOf(filter: RunFilter, order: RunOrder, start: StartKind) {
  const name = `runs ${order.sort} ${order.order} ${start} ${shapeOf(filter)}`
  const list = lists.get(name) ?? makeList(name, filter, order, start)
  lists.set(name, list)
  return list
}

function makeList(name: string, filter: RunFilter, order: RunOrder, start: StartKind) {
  return plainQuery<PageRow>(name, (db, snapshot) => {
    const matches = matchesOf(db, filter)
    const walks = start === 'offset' ? walkFromNearerEnd(filter, order) : walkFromTop(filter, order, start)
    const walked = db.$with('walked', { bountyId: run.bountyId }).as(walks)
    const page = db.$with('page', pageColumns).as(pageOf(order))
    return db
      .with(snapshot, matches, walked, page)
      .select({ ...snapshotColumns(snapshot), total: matches.total, ...pageColumns })
      .from(snapshot)
      .innerJoin(matches, sql`true`)
      .innerJoin(page, sql`true`)
  })
}

type PageRow = {
  total: string
  runs: string
  /** How many the walk came upon: one more than the page holds if any follow. */
  found: string
  /** Of the row that fills the page. */
  last_id: string
  last_value: string
}

const pageColumns = {
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
  const limit = sql`${placeholder('limit')}::int4`
  const listed = sql`
    select row_to_json("summary")::text as "json", ${run.bountyId} as "id", ${sortKeyOf(order)} as "value"
    from "walked" left join ${run} on ${run.bountyId} = "walked"."bounty_id"
      cross join lateral (${selectMembers(runSummaryMembers)}) as "summary"
    order by ${sql.join(inOrder(order), sql`, `)} limit ${limit}`
  return sql`
    select coalesce(string_agg("json", ','), '') as "runs", (select count(*) from "walked") as "found",
      (array_agg("id"))[${limit}] as "last_id", (array_agg("value"))[${limit}] as "last_value"
    from (${listed}) as "listed"`
}

function walkFromTop(filter: RunFilter, { sort, order }: RunOrder, start: StartKind): SQL {
  const condition = and(matching(filter), start === 'after' ? isAfter({ sort, order }) : undefined)
  return walk(condition, { sort, order }, sql`limit ${placeholder('rows')}::int8`)
}

function isAfter({ sort, order }: RunOrder): SQL {
  const compare = order === 'asc' ? sql`>` : sql`<`
  const id = sql`${placeholder('bountyId')}::int8`
  if (sort === 'createdAt') return sql`${run.bountyId} ${compare} ${id}`
  return sql`(${run[sort]}, ${run.bountyId}) ${compare} (${placeholder('value')}::int8, ${id})`
}

/**
 * To an offset there is no other way than past the rows before it. From the end there may be fewer: the total is known,
 * so that no page is farther than half the list. The condition that chooses does not depend on a row: PostgreSQL checks
 * it once, and takes no step of the other walk, nor any for a page past the end.
 */
function walkFromNearerEnd(filter: RunFilter, { sort, order }: RunOrder): SQL {
  const total = sql`(select "total" from "matches")`
  const offset = sql`${placeholder('offset')}::int8`
  const rows = sql`${placeholder('rows')}::int8`
  const isNearTop = sql`${offset} <= ${total} / 2`
  const fromTop = walk(and(matching(filter), isNearTop), { sort, order }, sql`limit ${rows} offset ${offset}`)
  const fromEnd = walk(
    and(matching(filter), not(isNearTop)),
    { sort, order: order === 'asc' ? 'desc' : 'asc' },
    sql`limit greatest(least(${rows}, ${total} - ${offset}), 0) offset greatest(${total} - ${offset} - ${rows}, 0)`,
  )
  return sql`(${fromTop}) union all (${fromEnd})`
}

/** Ids only, which every index has: the rows themselves are read for the page alone. */
function walk(condition: SQL | undefined, order: RunOrder, slice: SQL): SQL {
  const where = condition ? sql`where ${condition}` : sql``
  return sql`select ${run.bountyId} from ${run} ${where} order by ${sql.join(inOrder(order), sql`, `)} ${slice}`
}
