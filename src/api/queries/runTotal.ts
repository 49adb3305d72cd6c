import { and, eq, gte, type SQL, sql } from 'drizzle-orm'
import { marketBand, partiesOf, run } from '../../../ponder.schema.ts'
import { claimableTotal, isOfParty, sumOf, sumOfAll } from './runBands.ts'
import { expired, inStanding, isInSplit, matching, type RunFilter, type Standing, standingOf } from './runList.ts'

/**
 * The CTE `matches`: `total` is the exact number of matching runs. If `mayGather`, two more columns choose between walk
 * and gathering, see `walkOrGather`: `in_order` is the number of runs that a walk in the list's order passes in all,
 * `gathered` the number of runs that another index finds.
 *
 * Most totals are sums of days, bands or a party's count, whose cost does not grow with the number of runs. These runs are counted one by
 * one:
 * - the runs of the band that `minReward` or the current time splits,
 * - expired runs of a party or with a `minReward`, which are few because their posters withdraw the escrow,
 * - runs of a party with a `minReward`, and runs of two parties.
 */
export function matchesOf(filter: RunFilter, mayGather: boolean): SQL {
  return isCounted(filter) ? bySums(filter, mayGather) : oneByOne(filter, mayGather)
}

/** Whether days, bands or a party's count have all matching runs but a few. */
export function isCounted(filter: RunFilter): boolean {
  return !isOfParty(filter) || (partiesOf(filter).length === 1 && filter.minReward === undefined)
}

/** `offset 0` makes PostgreSQL count once, not at each use of the count. */
function oneByOne(filter: RunFilter, mayGather: boolean): SQL {
  if (!mayGather) return sql`select ${countOf(matching(filter))} as "total" offset 0`
  return sql`
    select "total", ${sumOfAll(filter, 'any')} as "in_order", "total" as "gathered"
    from (select ${countOf(matching(filter))} as "total" offset 0) as "counted"`
}

function bySums(filter: RunFilter, mayGather: boolean): SQL {
  const standing = standingOf(filter)
  const isOfAll = !isOfParty(filter)
  const rewarded = (counted: Standing) => {
    if (filter.minReward === undefined) return sumOfAll(filter, counted)
    const isWholeBand = and(eq(marketBand.sort, 'reward'), gte(marketBand.lowest, sql.placeholder('wholeBand')))
    const inSplit = sql`${countOf(and(statesOf[counted], isInSplit))} * ${sql.placeholder('splitSign')}::int4`
    return sql`(${sumOf(marketBand, counted, isWholeBand)} + ${inSplit})`
  }
  const expiredCount = countOf(and(expired, matching({ ...filter, state: undefined, claimable: undefined })))
  const isOfAnyReward = filter.minReward === undefined
  const claimable = isOfAll && isOfAnyReward ? claimableTotal() : sql`(${rewarded('claimable')} - ${expiredCount})`
  const totalOf = (all: SQL) => {
    if (standing === 'claimable') return claimable
    return standing === 'expired' || standing === 'unclaimable' ? sql`${all} - ${claimable}` : all
  }
  const allRewarded = rewarded(standing)
  if (!mayGather) return sql`select ${totalOf(allRewarded)} as "total" offset 0`
  // Sums are evaluated once, and only those that the list needs.
  const passed = isOfAll ? standing : 'any'
  const isRewarded = isOfAnyReward && passed === standing
  const inOrder = isRewarded ? sql`"rewarded"` : sql`"in_order"`
  const inOrderSum = isRewarded ? sql`` : sql`, ${sumOfAll(filter, passed)} as "in_order"`
  return sql`
    select "total", "in_order", ${isOfAll && !isOfAnyReward ? sql`"rewarded"` : sql`"total"`} as "gathered"
    from (
      select ${totalOf(sql`"rewarded"`)} as "total", ${inOrder} as "in_order", "rewarded"
      from (select ${allRewarded} as "rewarded" ${inOrderSum} offset 0) as "summed"
      offset 0
    ) as "counted"`
}

const open = sql`${run.state} = 'OPEN'`

/** The states that `countersOf` counts, as a condition on runs. */
const statesOf = { ...inStanding, claimable: open, expired: open, unclaimable: undefined }

function countOf(condition = sql`true`): SQL {
  return sql`(select count(*) from ${run} where ${condition})`
}
