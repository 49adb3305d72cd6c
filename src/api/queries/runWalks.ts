import { and, not, type SQL, sql } from 'drizzle-orm'
import { partiesOf, run } from '../../../ponder.schema.ts'
import { jsonObject } from './json.ts'
import { isOfParty } from './runBands.ts'
import { inOrder, matching, type RunList, type RunOrder, sortKeyOf, standingOf } from './runList.ts'
import { runSummaryMembers } from './runs.ts'

/** Where pages start: after a run, or after a number of runs. */
export type StartKind = 'after' | 'offset'

/** How many runs the page has at most, and how many precede it. */
export const limit = sql`${sql.placeholder('limit')}::int4`
export const offset = sql`${sql.placeholder('offset')}::int8`

const total = sql`(select "total" from "matches")`

/** Whether the page's offset is within the list. */
const isWithin = sql`${offset} < ${total}`

/**
 * The CTE `walked`: the JSON and the position of the page's runs, and of the run that follows. The CTEs that it needs
 * precede it.
 *
 * What skips runs reads only ids and keys, which are columns of an index, so the skipped runs are not read from the table.
 */
export function walksOf(list: RunList, start: StartKind): SQL {
  // The position is first, because a scan starts at the first of two bounds on one column, such as `minReward`.
  const pageFrom = (position: SQL) =>
    sql`${select(listed(list), and(position, matching(list)), list)} limit ${rowsOf(start)}`
  if (!readsRuns(list)) return withRuns(walkOrGather(list, start), list)
  const runsFrom = (position: SQL) => sql`"walked" as (${pageFrom(position)})`
  return start === 'after' ? runsFrom(isAfterIn(list)) : sql`${firstAtOffset(list)}, ${runsFrom(isFromFirst(list))}`
}

const listed = (order: RunOrder) => sql`${jsonObject(runSummaryMembers)} as "json", ${positionIn(order)}`

/**
 * One more than the limit, to see whether a run follows the page. At an offset not more than the list has from there on,
 * because a walk would go on behind the last match to the end of the index.
 */
function rowsOf(start: StartKind): SQL {
  if (start === 'after') return sql`(${limit} + 1)`
  return sql`greatest(least(${limit} + 1, ${total} - ${offset}), 0)`
}

/**
 * The CTE `walked` of a page's ids. A left join, because with an inner join PostgreSQL may scan an index of all runs in
 * the list's order.
 */
const withRuns = (ids: SQL, order: RunOrder) => sql`
  "found" as (${ids}),
  "walked" as (select ${listed(order)}
    from "found" left join ${run} on ${run.bountyId} = "found"."bounty_id")`

/**
 * Whether a walk reads the runs themselves from the page's first one on. An index checks the filter of such a list before
 * the run is read. It cannot check the alternative in `unclaimable`, and between two such runs may be thousands of others.
 */
function readsRuns(list: RunList): boolean {
  return standingOf(list) !== 'unclaimable' && !mayGather(list)
}

/** Whether the statement has a second way to find the page. */
export function mayGather(list: RunList): boolean {
  return gatheredBy(list) !== undefined
}

/** The CTE `first`: the position of the page's first run. It has no row if the page is past the end. */
function firstAtOffset(list: RunList): SQL {
  return sql`"first" as (${select(positionIn(list), and(matching(list), isWithin), list)} limit 1 offset ${offset})`
}

function isFromFirst({ sort, order }: RunOrder): SQL {
  const compare = order === 'asc' ? sql`>=` : sql`<=`
  if (sort === 'createdAt') return sql`${run.bountyId} ${compare} (select "bounty_id" from "first")`
  return sql`(${run[sort]}, ${run.bountyId}) ${compare} ((select "value" from "first"), (select "bounty_id" from "first"))`
}

/**
 * Up to two ways to find a page. A walk reads an index in the list's order and skips the runs that do not match. Gathering
 * reads all matching runs by another index and sorts them. The counts choose one: each way has a condition that does
 * not depend on a row, so PostgreSQL checks it once and reads nothing for the other way, or for a page past the end.
 */
function walkOrGather(list: RunList, start: StartKind): SQL {
  const isAfter = start === 'after'
  const condition = isAfter ? and(isAfterIn(list), matching(list)) : and(matching(list), isWithin)
  const skip = isAfter ? sql`` : sql`offset ${offset}`
  const walk = (where: SQL | undefined) =>
    sql`${select(sql`${run.bountyId}`, where, list)} limit ${rowsOf(start)} ${skip}`
  const gathered = gatheredBy(list)
  if (gathered === undefined) return walk(condition)
  const { by, when } = gathered
  const isBetter = when === 'always' ? sql`true` : isFaster(start)
  return sql`(${walk(and(condition, not(isBetter)))}) union all (${gather(list, by, and(condition, isBetter))} limit ${rowsOf(start)} ${skip})`
}

function isAfterIn({ sort, order }: RunOrder): SQL {
  const compare = order === 'asc' ? sql`>` : sql`<`
  if (sort === 'createdAt') return sql`${run.bountyId} ${compare} ${sql.placeholder('afterId')}::int8`
  return sql`(${run[sort]}, ${run.bountyId}) ${compare} (${sql.placeholder('afterValue')}::int8, ${sql.placeholder('afterId')}::int8)`
}

/**
 * The order of an index that finds only matching runs, and when gathering by it is better than a walk. Undefined if a
 * walk passes few runs that do not match.
 */
function gatheredBy(list: RunList): { by: 'reward' | 'deadline'; when: 'always' | 'faster' } | undefined {
  const { sort, minReward } = list
  const standing = standingOf(list)
  // Expired runs are few, and they are the oldest, so a walk from the newest would pass almost all runs.
  if (standing === 'expired') return sort === 'deadline' ? undefined : { by: 'deadline', when: 'always' }
  if (isOfParty(list) && standing !== 'any' && standing !== 'unclaimable') {
    // An index has the runs of one party in a state in the order of ids, and one in that of deadlines.
    const isWalked =
      sort !== 'reward' && standing === 'state' && minReward === undefined && partiesOf(list).length === 1
    return isWalked ? undefined : { by: 'deadline', when: 'faster' }
  }
  if (minReward !== undefined && sort !== 'reward') return { by: 'reward', when: 'faster' }
  if (standing === 'claimable' && minReward === undefined && sort !== 'deadline') {
    return { by: 'deadline', when: 'faster' }
  }
  return undefined
}

/** Gathering a run takes this many times as long as passing one on a walk, as measured at a million runs: it is sorted. */
const GATHERING_COST = sql.raw('4')

/**
 * Whether gathering takes less time than a walk. The estimate assumes that matching runs are spread evenly among the
 * `in_order` runs: to find n matches, a walk passes n × in_order / total runs.
 */
function isFaster(start: StartKind): SQL {
  const walked = start === 'after' ? rowsOf(start) : sql`(${offset} + ${rowsOf(start)})`
  return sql`(select ${GATHERING_COST} * "gathered" * "total" <= ${walked} * "in_order" from "matches")`
}

/** `offset 0` prevents that PostgreSQL turns this into a walk in the list's order. */
function gather(list: RunList, by: 'reward' | 'deadline', condition: SQL | undefined): SQL {
  return sql`
    select "bounty_id" from (select ${positionIn(list)} from ${run} where ${condition} order by ${run[by]} offset 0) as "gathered"
    order by ${byPosition(list)}`
}

/** Selects matching runs in the list's order. */
function select(selected: SQL, condition: SQL | undefined, order: RunOrder): SQL {
  return sql`select ${selected} from ${run} where ${condition} order by ${sql.join(inOrder(order), sql`, `)}`
}

const positionIn = (order: RunOrder) => sql`${sortKeyOf(order)} as "value", ${run.bountyId} as "bounty_id"`

/** The list's order of rows with `positionIn`. Without names of tables, because in Ponder's process they have a schema. */
export function byPosition({ order }: RunOrder): SQL {
  const direction = sql.raw(order)
  return sql`"value" ${direction}, "bounty_id" ${direction}`
}
