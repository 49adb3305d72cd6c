import { and, gte, type SQL, sql } from 'drizzle-orm'
import { ALL_RUNS, DEADLINE_BAND_SECONDS, RUN_BAND_IDS, run, runBand } from '../../../ponder.schema.ts'
import { bandListOf, isBandOf, isOfParty, perBand } from './runBands.ts'
import { matching, shapeOf, standingOf } from './runFilter.ts'
import { type RunList, type RunOrder, sortKeyOf } from './runList.ts'
import type { Database } from './snapshot.ts'

/** Where pages start: behind a row, or behind a number of rows, few (at most `NEAR_ROWS`) or many. */
export type StartKind = 'after' | 'near' | 'far'

/** To skip this many rows one by one takes less time than to find the band of the page. */
export const NEAR_ROWS = 2_000

/** Whether the list is of all runs in the order of their ids: then the id at an offset is known. */
export function isUnfiltered(list: RunList): boolean {
  return list.sort === 'createdAt' && shapeOf(list) === 'any'
}

/** Whether pages start where the bands say: where those in the list's order count the runs that match. */
export function isBanded(list: RunList, start: StartKind): boolean {
  const standing = standingOf(list)
  if (start === 'after' || isUnfiltered(list)) return false
  // A party's runs in a state may all be new, or all old: a walk from the other end would pass most of its runs.
  const mayBeFar = standing === 'state' || (standing === 'claimable' && list.order === 'asc')
  if (start === 'near' && !(isOfParty(list) && mayBeFar)) return false
  // Expired runs are few: they are gathered.
  if (standing === 'expired' || standing === 'none') return false
  if (bandListOf(list) === ALL_RUNS) return list.minReward === undefined || list.sort === 'reward'
  return bandListOf(list) !== undefined && list.minReward === undefined && list.sort === 'createdAt'
}

/**
 * The CTE `ranked`: the bands with matching runs, each with how many it has (`own`), and how many it and those of higher
 * keys have (`through`). `next` is the lowest key of the band above, or null.
 *
 * Bands count by state, and whether an OPEN run is claimable depends on the time: the expired ones, which are few, are
 * taken off or added here. The band that `minReward` splits is ranked as a whole. It is the last one in descending order,
 * and `startOf` counts from the end in ascending order, so that no page starts behind it.
 */
export function rankedBands(db: Database, list: RunList): SQL {
  const standing = standingOf(list)
  const splitBand = sql.placeholder('splitBand')
  const { minReward, sort } = list
  const isUnclaimable = standing === 'unclaimable'
  const counter = isUnclaimable ? sql`${perBand.any} - ${runBand.OPEN}` : perBand[standing]
  const counted = sql`${db
    .select({ lowest: sql`${runBand.lowest}`.as('lowest'), runs: sql`${counter}`.as('runs') })
    .from(runBand)
    .where(and(isBandOf(sort), minReward === undefined ? undefined : gte(runBand.lowest, splitBand)))}`
  const late = sql`
    union all
    select ${lowestOf[sort]}, ${isUnclaimable ? sql`1` : sql`-1`} from ${run}
    where ${and(matching({ ...list, minReward: undefined, claimable: false, state: 'OPEN' }), minReward === undefined ? undefined : gte(run.reward, splitBand))}`
  const above = sql`over (order by "lowest" desc)`
  return sql`
    select "lowest", "own", sum("own") ${above} as "through", lag("lowest") ${above} as "next"
    from (
      select "lowest", sum("runs") as "own" from (${counted}${standing === 'claimable' || isUnclaimable ? late : sql``}) as "counted"
      group by "lowest" having sum("runs") > 0
    ) as "counted"`
}

/** `lowestOfBand` of a row. */
const lowestOf: Record<RunOrder['sort'], SQL> = {
  createdAt: sql`${run.bountyId} - ${run.bountyId} % ${sql.raw(String(RUN_BAND_IDS))}`,
  reward: sql`${run.reward} - ${run.reward} % (10 ^ greatest(length(${run.reward}::text) - 2, 0))::int8`,
  deadline: sql`${run.deadline} - ${run.deadline} % ${sql.raw(String(DEADLINE_BAND_SECONDS))}`,
}

/**
 * The CTE `start`: the band in which the page at the offset starts, and how many matching runs of the band precede the
 * page (`skipped`). No row for a page past the end.
 */
export function startOf({ order }: RunOrder, offset: SQL): SQL {
  const total = sql`(select "total" from "matches")`
  const [before, end] =
    order === 'asc'
      ? [sql`greatest(${total} - "through", 0)`, sql`${total} - "through" + "own"`]
      : [sql`("through" - "own")`, sql`"through"`]
  return sql`
    select "lowest", "next", ${offset} - ${before} as "skipped" from "ranked"
    where ${before} <= ${offset} and ${offset} < ${end}`
}

/** Whether the run is in the start's band, or in one that follows it in the list's order. */
export function isFromStart(order: RunOrder): SQL {
  const key = sortKeyOf(order)
  return order.order === 'asc'
    ? sql`${key} >= (select "lowest" from "start")`
    : sql`${key} < (select coalesce("next", ${MAX_INT8}) from "start")`
}

const MAX_INT8 = sql.raw(String(2n ** 63n - 1n))
