import { and, type Column, gte, type SQL, sql } from 'drizzle-orm'
import { DEADLINE_BAND_SECONDS, partiesOf, RUN_BAND_IDS, run } from '../../../ponder.schema.ts'
import { bandTableOf, countersOf, isBandOf, isOfParty } from './runBands.ts'
import { matching, type RunList, type RunOrder, shapeOf, sortKeyOf, standingOf } from './runList.ts'

/** Where pages start: after a run, after few runs (at most `NEAR_ROWS`), or after many. */
export type StartKind = 'after' | 'near' | 'far'

/** Skipping up to this many rows one by one takes less time than finding the page's band. */
export const NEAR_ROWS = 2_000

/** Whether the list has all runs in the order of their ids. Then the id at an offset is known. */
export function isUnfiltered(list: RunList): boolean {
  return list.sort === 'createdAt' && shapeOf(list) === 'any'
}

/**
 * Whether the bands give the start of a page: there are bands in the list's order, and they count the matching runs.
 */
export function isBanded(list: RunList, start: StartKind): boolean {
  const standing = standingOf(list)
  if (start === 'after' || isUnfiltered(list)) return false
  // All of a party's runs in a state may be at the far end of the list, where a walk would pass most of its other runs.
  const mayBeFar = standing === 'state' || (standing === 'claimable' && list.order === 'asc')
  if (start === 'near' && !(isOfParty(list) && mayBeFar)) return false
  // Expired runs are few, so they are gathered and sorted.
  if (standing === 'expired' || standing === 'none') return false
  if (!isOfParty(list)) return list.minReward === undefined || list.sort === 'reward'
  return partiesOf(list).length === 1 && list.minReward === undefined && list.sort === 'createdAt'
}

/**
 * The CTE `ranked`: the bands that have matching runs. `own` is the number of the band's matching runs, `through` the
 * number of those of this band and all higher bands.
 *
 * Bands count OPEN runs, claimable or expired. Expired runs are few, so they are subtracted or added one by one. The
 * band that `minReward` splits, the lowest, counts as a whole: `startOf` corrects it. Counts are `int4`, because the sum
 * of `int8` is `numeric`, which takes longer.
 */
export function rankedBands(list: RunList): SQL {
  const standing = standingOf(list)
  const splitBand = sql.placeholder('splitBand')
  const { minReward, sort } = list
  const isUnclaimable = standing === 'unclaimable'
  const bandTable = bandTableOf(list)
  const counters = countersOf(bandTable)
  const counter = isUnclaimable ? sql`${counters.any} - ${bandTable.OPEN}` : counters[standing]
  const isFromSplit = minReward === undefined ? undefined : gte(bandTable.lowest, splitBand)
  const counted = sql`(select ${bandTable.lowest} as "lowest", ${counter} as "runs" from ${bandTable}
    where ${and(isBandOf(bandTable, sort), isFromSplit)})`
  const expiredRuns = sql`
    select ${lowestOf(list)}, ${isUnclaimable ? sql`1` : sql`-1`} from ${run}
    where ${and(matching({ ...list, minReward: undefined, claimable: false, state: 'OPEN' }), minReward === undefined ? undefined : gte(run.reward, splitBand))}`
  const bands =
    standing === 'claimable' || isUnclaimable
      ? sql`select "lowest", sum("runs")::int4 as "runs" from (${counted} union all ${expiredRuns}) as "counted" group by "lowest"`
      : counted
  return sql`
    select "lowest", "runs" as "own", sum("runs") over (order by "lowest" desc rows unbounded preceding) as "through"
    from (${bands}) as "bands" where "runs" > 0`
}

/** The width of a band in the unit of its keys, for a key in it. */
const widthOf: Record<RunOrder['sort'], (key: SQL | Column) => SQL> = {
  createdAt: () => sql.raw(String(RUN_BAND_IDS)),
  // `rewardBandWidth` in SQL.
  reward: (key) => sql`(10 ^ greatest(length(${key}::text) - 2, 0))::int8`,
  deadline: () => sql.raw(String(DEADLINE_BAND_SECONDS)),
}

/** `lowestOfBand` in SQL. */
function lowestOf(order: RunOrder): SQL {
  const key = sortKeyOf(order)
  return sql`${key} - ${key} % ${widthOf[order.sort](key)}`
}

/**
 * The CTE `start`: the band in which the requested page starts, from `lowest` to before `end`, and the number of the
 * band's matching runs before and after the page's first run. It has no row if the page is past the end.
 */
export function startOf({ sort, order }: RunOrder): SQL {
  const offset = sql`${sql.placeholder('offset')}::int8`
  const total = sql`(select "total" from "matches")`
  const above = sql`("through" - "own")`
  // Not all runs of the band that `minReward` splits match. The total tells how many do.
  const own = sql`least("own", ${total} - ${above})`
  const before = order === 'asc' ? sql`(${total} - ${above} - ${own})` : above
  return sql`
    select "lowest", "lowest" + ${widthOf[sort](sql`"lowest"`)} as "end", ${offset} - ${before} as "before",
      ${before} + ${own} - 1 - ${offset} as "after"
    from "ranked" where ${before} <= ${offset} and ${offset} < ${before} + ${own}`
}
