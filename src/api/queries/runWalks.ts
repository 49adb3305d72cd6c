import { and, not, type SQL, sql } from 'drizzle-orm'
import { run } from '../../../ponder.schema.ts'
import { isOfParty } from './runBands.ts'
import { matching, standingOf } from './runFilter.ts'
import { inOrder, type RunList, type RunOrder } from './runList.ts'
import { isBanded, isFromStart, isUnfiltered, type StartKind, startOf } from './runStarts.ts'

/** The columns of the requested page that a walk reads. */
export const requested = {
  limit: sql`"requested"."limit"`,
  /** One more than the limit, to see whether a run follows the page. */
  rows: sql`("requested"."limit" + 1)`,
  offset: sql`"requested"."offset"`,
  bountyId: sql`"requested"."bounty_id"`,
  value: sql`"requested"."value"`,
}

/** The counts of the list. See `matchesOf`. */
const matched = {
  total: sql`"matches"."total"`,
  inOrder: sql`"matches"."in_order"`,
  gathered: sql`"matches"."gathered"`,
}

/** The CTE `walked`: the ids of the page's runs, and of the run that follows. The CTEs that it needs precede it. */
export function walksOf(list: RunList, start: StartKind): SQL {
  if (isBanded(list, start)) {
    const condition = and(matching(list), isFromStart(list))
    const skip = sql`(select "skipped" from "start")`
    return sql`"start" as (${startOf(list, requested.offset)}), "walked" as ${walk(condition, list, skip)}`
  }
  return sql`"walked" as (${unbandedWalks(list, start)})`
}

/**
 * Two ways to find a page. A walk reads an index in the list's order and skips the runs that do not match. Gathering
 * reads all matching runs by another index and sorts them. The counts choose one: each way has a condition that does
 * not depend on a row, so PostgreSQL checks it once and reads nothing for the other way, or for a page past the end.
 */
function unbandedWalks(list: RunList, start: StartKind): SQL {
  if (isUnfiltered(list) && start === 'far') return walk(isFromOffset(list), list)
  const offset = start === 'after' ? undefined : requested.offset
  const isWithin = offset && sql`${offset} < ${matched.total}`
  const condition = and(matching(list), start === 'after' ? isAfterIn(list) : undefined, isWithin)
  const gathered = gatheredBy(list, start)
  if (gathered === undefined) return walk(condition, list, offset)
  const { by, isBetter } = gathered
  return sql`${walk(and(condition, not(isBetter)), list, offset)}
    union all ${gather(list, by, and(condition, isBetter), offset)}`
}

/** The id at an offset is known because ids count up without gaps. */
function isFromOffset({ order }: RunOrder): SQL {
  return order === 'asc'
    ? sql`${run.bountyId} >= (select min(${run.bountyId}) from ${run}) + ${requested.offset}`
    : sql`${run.bountyId} <= (select max(${run.bountyId}) from ${run}) - ${requested.offset}`
}

function isAfterIn({ sort, order }: RunOrder): SQL {
  const compare = order === 'asc' ? sql`>` : sql`<`
  if (sort === 'createdAt') return sql`${run.bountyId} ${compare} ${requested.bountyId}`
  return sql`(${run[sort]}, ${run.bountyId}) ${compare} (${requested.value}, ${requested.bountyId})`
}

/**
 * The order of an index that finds only matching runs, and whether gathering by it is better than a walk. Undefined if
 * a walk passes few runs that do not match.
 */
function gatheredBy(list: RunList, start: StartKind): { by: 'reward' | 'deadline'; isBetter: SQL } | undefined {
  const { sort, minReward } = list
  const standing = standingOf(list)
  if (isOfParty(list)) {
    // The index of a party's runs in a state is ordered by deadline.
    if (standing !== 'any' && standing !== 'unclaimable') return { by: 'deadline', isBetter: isShorter(start) }
    return minReward === undefined ? undefined : { by: 'reward', isBetter: isShorter(start) }
  }
  // Expired runs are few, and they are the oldest, so a walk from the newest would pass almost all runs.
  if (standing === 'expired') return sort === 'deadline' ? undefined : { by: 'deadline', isBetter: sql`true` }
  if (minReward !== undefined && sort !== 'reward') return { by: 'reward', isBetter: isShorter(start) }
  if (standing === 'claimable' && minReward === undefined && sort !== 'deadline') {
    return { by: 'deadline', isBetter: isShorter(start) }
  }
  return undefined
}

/**
 * Whether gathering reads fewer runs than a walk passes. The estimate assumes that matching runs are spread evenly
 * among the `in_order` runs: to find n matches, a walk passes n × in_order / total runs.
 */
function isShorter(start: StartKind): SQL {
  const walked = start === 'after' ? requested.rows : sql`(${requested.offset} + ${requested.rows})`
  return sql`${matched.gathered} * ${matched.total} <= ${walked} * ${matched.inOrder}`
}

/** `offset 0` prevents that PostgreSQL turns this into a walk in the list's order. */
function gather(list: RunList, by: 'reward' | 'deadline', condition: SQL | undefined, offset?: SQL): SQL {
  return sql`
    (select ${run.bountyId} from (
      select ${run.bountyId}, ${run.reward}, ${run.deadline} from ${run} where ${condition} order by ${run[by]} offset 0
    ) as ${run} order by ${sql.join(inOrder(list), sql`, `)} limit ${requested.rows} ${offset === undefined ? sql`` : sql`offset ${offset}`})`
}

/** Selects ids only, which every index contains, so that only the page's runs are read from the table. */
function walk(condition: SQL | undefined, order: RunOrder, offset?: SQL): SQL {
  const where = condition ? sql`where ${condition}` : sql``
  const skip = offset === undefined ? sql`` : sql`offset ${offset}`
  return sql`(select ${run.bountyId} from ${run} ${where}
    order by ${sql.join(inOrder(order), sql`, `)} limit ${requested.rows} ${skip})`
}
