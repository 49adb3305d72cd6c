import { and, count, gte, type SQL, sql } from 'drizzle-orm'
import { ALL_RUNS, run, runBand } from '../../../ponder.schema.ts'
import { bandListOf, claimableTotal, isBandOf, perBand, sumOfBands } from './runBands.ts'
import { expired, inStanding, isInSplit, matching, type RunFilter, type Standing, standingOf } from './runFilter.ts'
import type { Database } from './snapshot.ts'

/**
 * The CTE `matches`: `total` is the exact number of matching runs. The other columns choose between walk and gathering,
 * see `unbandedWalks`: `in_order` is the number of runs that a walk in the list's order passes in all, `gathered` the
 * number of runs that another index finds.
 *
 * Most totals are sums of bands, whose cost does not grow with the number of runs. These runs are counted one by one:
 * - the runs of the band that `minReward` or the current time splits,
 * - expired runs of a party or with a `minReward`, which are few because their posters withdraw the escrow,
 * - runs of a party with a `minReward`, and runs of two parties.
 */
export function matchesOf(db: Database, filter: RunFilter) {
  const selection = {
    total: sql<number>`"total"`.mapWith(Number).as('total'),
    inOrder: sql`"in_order"`.as('in_order'),
    gathered: sql`"gathered"`.as('gathered'),
  }
  return db.$with('matches', selection).as(isCounted(filter) ? fromBands(db, filter) : oneByOne(db, filter))
}

/** Whether bands count all matching runs but a few. */
export function isCounted(filter: RunFilter): boolean {
  const list = bandListOf(filter)
  return list === ALL_RUNS || (list !== undefined && filter.minReward === undefined)
}

/** `offset 0` makes PostgreSQL count once, not at each use of the count. */
function oneByOne(db: Database, filter: RunFilter): SQL {
  return sql`
    select "total", ${sumOfBands(db, perBand.any, isBandOf('createdAt'))} as "in_order", "total" as "gathered"
    from (select ${countOf(db, matching(filter))} as "total" offset 0) as "counted"`
}

function fromBands(db: Database, filter: RunFilter): SQL {
  const standing = standingOf(filter)
  const isOfAll = bandListOf(filter) === ALL_RUNS
  const inBands = (counter: SQL) => sumOfBands(db, counter, isBandOf('createdAt'))
  const rewarded = (counter: SQL, condition: SQL | undefined) => {
    if (filter.minReward === undefined) return inBands(counter)
    const isWholeBand = and(isBandOf('reward'), gte(runBand.lowest, sql.placeholder('wholeBand')))
    const inSplit = sql`${countOf(db, and(condition, isInSplit))} * ${sql.placeholder('splitSign')}::int4`
    return sql`(${sumOfBands(db, counter, isWholeBand)} + ${inSplit})`
  }
  const expiredCount = countOf(db, and(expired, matching({ ...filter, state: undefined, claimable: undefined })))
  const claimable =
    isOfAll && filter.minReward === undefined
      ? claimableTotal(db)
      : sql`(${rewarded(perBand.claimable, sql`${run.state} = 'OPEN'`)} - ${expiredCount})`
  const totals: Record<Standing, SQL> = {
    any: sql`"rewarded"`,
    state: sql`"rewarded"`,
    claimable,
    expired: sql`"rewarded" - ${claimable}`,
    unclaimable: sql`"rewarded" - ${claimable}`,
    none: sql`0`,
  }
  // Sums are evaluated once, and only those that the list needs.
  const passed = isOfAll ? standing : 'any'
  const isRewarded = filter.minReward === undefined && passed === standing
  const inOrder = isRewarded ? sql`"rewarded"` : sql`"in_order"`
  const inOrderSum = isRewarded ? sql`` : sql`, ${inBands(perBand[passed])} as "in_order"`
  return sql`
    select "total", "in_order", ${isOfAll && filter.minReward !== undefined ? sql`"rewarded"` : sql`"total"`} as "gathered"
    from (
      select ${totals[standing]} as "total", ${inOrder} as "in_order", "rewarded"
      from (select ${rewarded(perBand[standing], statesOf[standing])} as "rewarded" ${inOrderSum} offset 0) as "summed"
      offset 0
    ) as "counted"`
}

const open = sql`${run.state} = 'OPEN'`

/** The states that `perBand` counts, as a condition on runs. */
const statesOf: Record<Standing, SQL | undefined> = {
  any: undefined,
  state: inStanding.state,
  claimable: open,
  expired: open,
  unclaimable: undefined,
  none: sql`false`,
}

function countOf(db: Database, condition: SQL | undefined): SQL {
  return sql`${db.select({ total: count() }).from(run).where(condition)}`
}
