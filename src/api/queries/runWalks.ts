import { and, not, type SQL, sql } from 'drizzle-orm'
import { run } from '../../../ponder.schema.ts'
import { matching, shapeOf, standingOf } from './runFilter.ts'
import { inOrder, type RunList, type RunOrder } from './runList.ts'
import { isOfParty } from './runTotal.ts'

export type StartKind = 'top' | 'after' | 'offset'

/** The page that a walk leads to: a row of those that are asked for. */
export const asked = {
  limit: sql`"asked"."limit"`,
  /** One more than the page holds tells whether any follow. */
  rows: sql`("asked"."limit" + 1)`,
  offset: sql`"asked"."offset"`,
  bountyId: sql`"asked"."bounty_id"`,
  value: sql`"asked"."value"`,
}

/** What is counted of the list. */
const matched = {
  total: sql`(select "total" from "matches")`,
  inStates: sql`(select "in_states" from "matches")`,
  rewarded: sql`(select "rewarded" from "matches")`,
}

/**
 * The walks that may lead to a page. Each has a condition that does not depend on a row: PostgreSQL checks it once, and
 * takes no step of a walk that is not chosen, nor any for a page past the end.
 */
export function walksOf(list: RunList, start: StartKind): SQL {
  if (isUnfiltered(list)) return walkFromTop(list, start === 'offset' ? isFromOffset(list) : isAfterIn(list, start))
  const condition = and(matching(list), isAfterIn(list, start))
  const inItsOrder = (isChosen?: SQL) =>
    start === 'offset' ? walkFromNearerEnd(list, and(condition, isChosen)) : walkFromTop(list, and(condition, isChosen))
  const gathered = gatheredBy(list, start)
  if (gathered === undefined) return inItsOrder()
  const { by, isBetter } = gathered
  return sql`${inItsOrder(not(isBetter))} union all ${gather(list, by, and(condition, isBetter), start)}`
}

function walkFromTop(list: RunList, condition: SQL | undefined): SQL {
  return walk(condition, list, sql`limit ${asked.rows}`)
}

/** Whether the list is of all runs in the order of their ids: then every page of it is near. */
export function isUnfiltered(list: RunList): boolean {
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
  // Those are few, and not spread evenly: they are the oldest.
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
