import { and, gte, type SQL, sql } from 'drizzle-orm'
import { ALL_RUNS, DEADLINE_BAND_SECONDS, RUN_BAND_IDS, run, runBand } from '../../../ponder.schema.ts'
import { bandListOf, isBandOf, isOfParty, perBand } from './runBands.ts'
import { matching, shapeOf, standingOf } from './runFilter.ts'
import type { RunList, RunOrder } from './runList.ts'
import type { Database } from './snapshot.ts'

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
  if (bandListOf(list) === ALL_RUNS) return list.minReward === undefined || list.sort === 'reward'
  return bandListOf(list) !== undefined && list.minReward === undefined && list.sort === 'createdAt'
}

/**
 * The CTE `ranked`: the bands that have matching runs. `own` is the number of the band's matching runs, `through` the
 * number of those of this band and all higher bands, `next` the lowest key of the next higher band, or null.
 *
 * Bands count OPEN runs, claimable or expired. Expired runs are few, so they are subtracted or added one by one. The
 * band that `minReward` splits counts as a whole. That is right because it is the lowest band: in descending order no
 * page starts after it, and in ascending order `startOf` counts from the end of the list.
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
  const expiredRuns = sql`
    union all
    select ${lowestOf[sort]}, ${isUnclaimable ? sql`1` : sql`-1`} from ${run}
    where ${and(matching({ ...list, minReward: undefined, claimable: false, state: 'OPEN' }), minReward === undefined ? undefined : gte(run.reward, splitBand))}`
  const above = sql`over (order by "lowest" desc)`
  return sql`
    select "lowest", "own", sum("own") ${above} as "through", lag("lowest") ${above} as "next"
    from (
      select "lowest", sum("runs") as "own" from (${counted}${standing === 'claimable' || isUnclaimable ? expiredRuns : sql``}) as "counted"
      group by "lowest" having sum("runs") > 0
    ) as "counted"`
}

/** `lowestOfBand` in SQL. */
const lowestOf: Record<RunOrder['sort'], SQL> = {
  createdAt: sql`${run.bountyId} - ${run.bountyId} % ${sql.raw(String(RUN_BAND_IDS))}`,
  reward: sql`${run.reward} - ${run.reward} % (10 ^ greatest(length(${run.reward}::text) - 2, 0))::int8`,
  deadline: sql`${run.deadline} - ${run.deadline} % ${sql.raw(String(DEADLINE_BAND_SECONDS))}`,
}

/**
 * The CTE `start`: the band in which the page at the offset starts, from `lowest` to before `end`, and the number of the
 * band's matching runs before and after the page's first run. It has no row if the page is past the end.
 */
export function startOf({ order }: RunOrder, offset: SQL): SQL {
  const total = sql`"matches"."total"`
  const above = sql`("through" - "own")`
  // The band that `minReward` splits has fewer matching runs than its own.
  const own = sql`least("own", ${total} - ${above})`
  const before = order === 'asc' ? sql`(${total} - ${above} - ${own})` : above
  return sql`
    select "lowest", coalesce("next", ${MAX_INT8}) as "end", ${offset} - ${before} as "before",
      ${before} + ${own} - 1 - ${offset} as "after"
    from "ranked" where ${before} <= ${offset} and ${offset} < ${before} + ${own}`
}

const MAX_INT8 = sql.raw(String(2n ** 63n - 1n))
