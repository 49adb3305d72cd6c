import { and, not, type SQL, sql } from 'drizzle-orm'
import { run } from '../../../ponder.schema.ts'
import { isOfParty } from './runBands.ts'
import { matching, standingOf } from './runFilter.ts'
import { inOrder, type RunList, type RunOrder } from './runList.ts'
import { isBanded, isFromStart, isUnfiltered, type StartKind, startOf } from './runStarts.ts'

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
  inOrder: sql`(select "in_order" from "matches")`,
  gathered: sql`(select "gathered" from "matches")`,
}

/** The CTE `walked`, after those that it needs: the ids of the page's runs, and of the one that follows. */
export function walksOf(list: RunList, start: StartKind): SQL {
  if (isBanded(list, start)) {
    const condition = and(matching(list), isFromStart(list))
    const skip = sql`(select "skipped" from "start")`
    return sql`"start" as (${startOf(list, asked.offset)}), "walked" as ${walk(condition, list, skip)}`
  }
  return sql`"walked" as (${unbandedWalks(list, start)})`
}

/**
 * The walks that may lead to a page. Each has a condition that does not depend on a row: PostgreSQL checks it once, and
 * takes no step of a walk that is not chosen, nor any for a page past the end.
 */
function unbandedWalks(list: RunList, start: StartKind): SQL {
  if (isUnfiltered(list) && start === 'far') return walk(isFromOffset(list), list)
  const offset = start === 'after' ? undefined : asked.offset
  const isWithin = offset && sql`${offset} < ${matched.total}`
  const condition = and(matching(list), start === 'after' ? isAfterIn(list) : undefined, isWithin)
  const gathered = gatheredBy(list, start)
  if (gathered === undefined) return walk(condition, list, offset)
  const { by, isBetter } = gathered
  return sql`${walk(and(condition, not(isBetter)), list, offset)}
    union all ${gather(list, by, and(condition, isBetter), offset)}`
}

/** Ids count up without a gap. */
function isFromOffset({ order }: RunOrder): SQL {
  return order === 'asc'
    ? sql`${run.bountyId} >= (select min(${run.bountyId}) from ${run}) + ${asked.offset}`
    : sql`${run.bountyId} <= (select max(${run.bountyId}) from ${run}) - ${asked.offset}`
}

function isAfterIn({ sort, order }: RunOrder): SQL {
  const compare = order === 'asc' ? sql`>` : sql`<`
  if (sort === 'createdAt') return sql`${run.bountyId} ${compare} ${asked.bountyId}`
  return sql`(${run[sort]}, ${run.bountyId}) ${compare} (${asked.value}, ${asked.bountyId})`
}

/**
 * Another order, in which an index finds the matching runs without those between them, and whether to gather them all
 * that way and sort them. Undefined where the list's own order passes few others.
 */
function gatheredBy(list: RunList, start: StartKind): { by: 'reward' | 'deadline'; isBetter: SQL } | undefined {
  const { sort, minReward } = list
  const standing = standingOf(list)
  if (isOfParty(list)) {
    // The index of a party's runs in a state has them by deadline.
    if (standing !== 'any' && standing !== 'unclaimable') return { by: 'deadline', isBetter: isShorter(start) }
    return minReward === undefined ? undefined : { by: 'reward', isBetter: isShorter(start) }
  }
  // Those are few, and not spread evenly: they are the oldest.
  if (standing === 'expired') return sort === 'deadline' ? undefined : { by: 'deadline', isBetter: sql`true` }
  if (minReward !== undefined && sort !== 'reward') return { by: 'reward', isBetter: isShorter(start) }
  if (standing === 'claimable' && minReward === undefined && sort !== 'deadline') {
    return { by: 'deadline', isBetter: isShorter(start) }
  }
  return undefined
}

/**
 * Whether fewer runs are gathered than a walk in the list's order passes. That is all of the same party and state in
 * proportion, if the runs that match are spread evenly among them: to find few it passes most of them.
 */
function isShorter(start: StartKind): SQL {
  const walked = start === 'after' ? asked.rows : sql`(${asked.offset} + ${asked.rows})`
  return sql`${matched.gathered} * ${matched.total} <= ${walked} * ${matched.inOrder}`
}

/** `offset 0` keeps PostgreSQL from walking in the list's order after all. */
function gather(list: RunList, by: 'reward' | 'deadline', condition: SQL | undefined, offset?: SQL): SQL {
  return sql`
    (select ${run.bountyId} from (
      select ${run.bountyId}, ${run.reward}, ${run.deadline} from ${run} where ${condition} order by ${run[by]} offset 0
    ) as ${run} order by ${sql.join(inOrder(list), sql`, `)} limit ${asked.rows} ${offset === undefined ? sql`` : sql`offset ${offset}`})`
}

/** Ids only, which every index has: the rows themselves are read for the page alone. */
function walk(condition: SQL | undefined, order: RunOrder, offset?: SQL): SQL {
  const where = condition ? sql`where ${condition}` : sql``
  const skip = offset === undefined ? sql`` : sql`offset ${offset}`
  return sql`(select ${run.bountyId} from ${run} ${where}
    order by ${sql.join(inOrder(order), sql`, `)} limit ${asked.rows} ${skip})`
}
