import { and, asc, desc, not, type SQL, sql } from 'drizzle-orm'
import { bandOf, bandWidth, run } from '../../../ponder.schema.ts'
import { selectMembers } from './json.ts'
import { matching, type RunFilter, shapeOf, standingOf } from './runFilter.ts'
import { runSummaryMembers } from './runs.ts'
import { isOfParty, matchesOf } from './runTotal.ts'
import { plainQuery, type SnapshotQuery, snapshotColumns } from './snapshot.ts'

type RunOrder = { sort: 'createdAt' | 'reward' | 'deadline'; order: 'asc' | 'desc' }

/** What a list is of. Rows have one order in it. */
export type RunList = RunFilter & RunOrder

/** Two lists of one name are the same. */
export function nameOfList({ sort, order, state, minReward, poster, claimedBy, claimable }: RunList): string {
  return [sort, order, state, minReward, poster, claimedBy, claimable].join(' ')
}

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
  const { minReward } = list
  const values = {
    ...list,
    ...(minReward !== undefined && { wholeBand: wholeBandFrom(minReward) }),
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

export type StartKind = 'top' | 'after' | 'offset'

export function startKind(start: RunStart): StartKind {
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
    const walks = walksOf(list, start)
    const page = db.$with('page', pageColumns).as(sql`
      select "asked"."place", "one".*
      from ${askedPages} cross join lateral (with "walked" as (${walks}) ${pageOf(list)}) as "one"`)
    return db
      .with(snapshot, matches, page)
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

const asked = {
  limit: sql`"asked"."limit"`,
  /** One more than the page holds tells whether any follow. */
  rows: sql`("asked"."limit" + 1)`,
  offset: sql`"asked"."offset"`,
  bountyId: sql`"asked"."bounty_id"`,
  value: sql`"asked"."value"`,
}

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

const matched = {
  total: sql`(select "total" from "matches")`,
  inStates: sql`(select "in_states" from "matches")`,
  rewarded: sql`(select "rewarded" from "matches")`,
}

/**
 * The walks that may lead to a page. Each has a condition that does not depend on a row: PostgreSQL checks it once, and
 * takes no step of a walk that is not chosen, nor any for a page past the end.
 */
function walksOf(list: RunList, start: StartKind): SQL {
  if (isUnfiltered(list)) return walkFromTop(list, start === 'offset' ? isFromOffset(list) : isAfterIn(list, start))
  const condition = and(matching(list), isAfterIn(list, start))
  const inOrder = (isChosen?: SQL) =>
    start === 'offset' ? walkFromNearerEnd(list, and(condition, isChosen)) : walkFromTop(list, and(condition, isChosen))
  const gathered = gatheredBy(list, start)
  if (gathered === undefined) return inOrder()
  const { by, isBetter } = gathered
  return sql`${inOrder(not(isBetter))} union all ${gather(list, by, and(condition, isBetter), start)}`
}

function walkFromTop(list: RunList, condition: SQL | undefined): SQL {
  return walk(condition, list, sql`limit ${asked.rows}`)
}

/** The list of all runs in the order of their ids. */
function isUnfiltered(list: RunList): boolean {
  return list.sort === 'createdAt' && shapeOf(list) === 'any'
}

/** Ids count up without a gap, so that the id at an offset is known. */
function isFromOffset({ order }: RunOrder): SQL {
  return order === 'asc'
    ? sql`${run.bountyId} >= (select min(${run.bountyId}) from ${run}) + ${asked.offset}`
    : sql`${run.bountyId} <= (select max(${run.bountyId}) from ${run}) - ${asked.offset}`
}

function isAfterIn({ sort, order }: RunOrder, start: StartKind): SQL | undefined {
  if (start !== 'after') return undefined
  const compare = order === 'asc' ? sql`>` : sql`<`
  if (sort === 'createdAt') return sql`${run.bountyId} ${compare} ${asked.bountyId}`
  return sql`(${run[sort]}, ${run.bountyId}) ${compare} (${asked.value}, ${asked.bountyId})`
}

/**
 * To an offset there is no other way than past the rows before it. From the end there may be fewer: the total is known,
 * so that no page is farther than half the list.
 */
function walkFromNearerEnd(list: RunList, condition: SQL | undefined): SQL {
  const { total } = matched
  const { offset, rows } = asked
  const isNearTop = sql`${offset} <= ${total} / 2`
  const fromTop = walk(and(condition, isNearTop), list, sql`limit ${rows} offset ${offset}`)
  const fromEnd = walk(
    and(condition, not(isNearTop)),
    { sort: list.sort, order: list.order === 'asc' ? 'desc' : 'asc' },
    sql`limit greatest(least(${rows}, ${total} - ${offset}), 0) offset greatest(${total} - ${offset} - ${rows}, 0)`,
  )
  return sql`${fromTop} union all ${fromEnd}`
}

/**
 * Another order, in which an index finds the matching runs without those between them, and whether to gather them all
 * that way and sort them. Undefined where the list's own order passes few others.
 */
function gatheredBy(list: RunList, start: StartKind): { by: 'reward' | 'deadline'; isBetter: SQL } | undefined {
  const { sort, minReward } = list
  const standing = standingOf(list)
  if (isOfParty(list)) return undefined
  // Those have been passed already, to count them; and they are not spread evenly, but the oldest.
  if (standing === 'expired') return sort === 'deadline' ? undefined : { by: 'deadline', isBetter: sql`true` }
  if (minReward !== undefined && sort !== 'reward') {
    return { by: 'reward', isBetter: isShorter(matched.rewarded, start) }
  }
  if (standing === 'claimable' && sort !== 'deadline') {
    return { by: 'deadline', isBetter: isShorter(matched.total, start) }
  }
  return undefined
}

/**
 * Whether so many runs are fewer than a walk in the list's order passes. That is all of the same states in proportion, if
 * the runs that match are spread evenly among them: to find few it passes most of the market.
 */
function isShorter(gathered: SQL, start: StartKind): SQL {
  const { total, inStates } = matched
  const { offset, rows } = asked
  const walked = start === 'offset' ? sql`greatest(least(${offset} + ${rows}, ${total} - ${offset}), 0)` : rows
  return sql`${gathered} * ${total} <= ${walked} * ${inStates}`
}

/** `offset 0` keeps PostgreSQL from walking in the list's order after all. */
function gather(list: RunList, by: 'reward' | 'deadline', condition: SQL | undefined, start: StartKind): SQL {
  const offset = start === 'offset' ? sql`offset ${asked.offset}` : sql``
  return sql`
    (select ${run.bountyId} from (
      select ${run.bountyId}, ${run.reward}, ${run.deadline} from ${run} where ${condition} order by ${run[by]} offset 0
    ) as ${run} order by ${sql.join(inOrder(list), sql`, `)} limit ${asked.rows} ${offset})`
}

/** Ids only, which every index has: the rows themselves are read for the page alone. */
function walk(condition: SQL | undefined, order: RunOrder, slice: SQL): SQL {
  const where = condition ? sql`where ${condition}` : sql``
  return sql`(select ${run.bountyId} from ${run} ${where} order by ${sql.join(inOrder(order), sql`, `)} ${slice})`
}
