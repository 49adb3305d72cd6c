import { and, type SQL, sql } from 'drizzle-orm'
import { claimableParts, countedInBands, foundInBands } from './claimableRuns.ts'
import { jsonObject } from './json.ts'
import { foundByMagnitudes } from './rewardedRuns.ts'
import {
  byPosition,
  inOrder,
  isAfter,
  isFromStart,
  isOfIds,
  keyOf,
  limit,
  matching,
  neededOf,
  offset,
} from './runConditions.ts'
import type { Shape } from './runList.ts'
import { runSummaryMembers, withBrief } from './runs.ts'
import { passedOf, totalOf } from './runTotals.ts'
import { countedInSearch, foundInSearch, searchParts } from './searchedRuns.ts'
import { withSnapshot } from './snapshot.ts'

/**
 * The statement of a list's page. Its parts, in this order:
 * - `counted`, one row: `total`, the number of matching runs, whether it is exact, and how the page is found.
 * - `start`, the first run of a page of a range, or `found`, the sort keys of each run of another page: see `pageOfRange`
 *   and `pageOfFound`.
 * - `page`, the JSON of the page's runs, in the order of the list.
 */
export const pageStatement = (shape: Shape): SQL => (isRange(shape) ? pageOfRange(shape) : pageOfFound(shape))

/**
 * Whether the list is a range of an index. Then a page is the index's next entries from its first run on. Of other lists, a
 * walk passes runs that do not match.
 */
function isRange(shape: Shape): boolean {
  const { sort, standing, isRewarded, parties } = shape
  if (gatheringOf(shape) !== undefined || parties.length > 1 || standing === 'unclaimable') return false
  const isOfTime = standing === 'claimable' || standing === 'expired'
  return !isOfTime || (sort === 'deadline' && !isRewarded)
}

/**
 * The page of a range. `start` has the sort keys of its first run, which are columns of an index: the runs that an offset
 * passes are not read from the table. `page` has also the run that follows the page, if there is one.
 */
function pageOfRange(shape: Shape): SQL {
  const start = shape.start === 'after' ? sql`` : sql`, start as materialized (\n  ${startOf(shape)}\n)`
  return sql`${withSnapshot},
counted as (
  ${countedBy(shape)}
)${start}, page as (
  select ${jsonObject(runSummaryMembers)} as json, bounty_id, ${keyOf(shape)} as value
  from run ${withBrief}
  where ${and(isAfter(shape) ?? isFromStart(shape), matching(shape))}
  order by ${inOrder(shape)}
  limit ${limit} + 1
)
select snapshot.*, total, true as is_exact, listed.*
from snapshot cross join counted cross join (
  select count(*) as found, coalesce(array_to_string((array_agg(json))[1 : ${limit}], ','), '') as runs,
    (array_agg(bounty_id))[${limit}] as last_id, (array_agg(value))[${limit}] as last_value
  from page
) as listed`
}

/** The sort keys of the first run of the page. A page that begins behind the list passes no runs. */
function startOf(shape: Shape): SQL {
  const filter = matching(shape)
  const walk = (columns: SQL) => sql`select ${columns} from run${filter ? sql` where ${filter}` : sql``}
  order by ${inOrder(shape)}
  limit case when (select total from counted) > ${offset} then 1 else 0 end offset ${offset}`
  if (!isOfAllIds(shape)) return walk(sql`${keyOf(shape)} as value, bounty_id`)
  const edge = sql.raw(shape.order === 'asc' ? 'min(bounty_id) +' : 'max(bounty_id) -')
  return sql`select coalesce(case when ${offset} > 0 then (
    select case when max(bounty_id) - min(bounty_id) + 1 = (select total from counted) then ${edge} ${offset} end from run
  ) end, (${walk(sql`bounty_id`)})) as bounty_id`
}

/**
 * The page of another list. `found` has the sort keys of its runs and of the one that follows. They are columns of an index,
 * so the runs that precede the page are not read from the table. `found` is in the list's order, so that PostgreSQL sorts
 * these keys and no whole runs. `page` is a left join, because with an inner join PostgreSQL may scan an index of all runs
 * in the list's order. Before `counted` are the parts of `claimableParts` if the page is merged from bands, and those of
 * `searchParts` if words are sought.
 */
function pageOfFound(shape: Shape): SQL {
  const by = gatheringOf(shape)?.by
  const parts = by === undefined ? undefined : partsOf[by]?.(shape)
  return sql`${withSnapshot},
${parts ? sql`${parts}, ` : sql``}counted as (
  ${countedBy(shape)}
), found as (
  select * from (
  ${foundBy(shape)}
  ) as runs_of_page
  order by ${byPosition(shape)}
), page as (
  select ${jsonObject(runSummaryMembers)} as json, found.bounty_id, value
  from found left join run on run.bounty_id = found.bounty_id ${withBrief}
  order by ${byPosition(shape)} limit ${limit}
)
select snapshot.*, total, ${by === 'words' ? sql`is_exact` : sql`true as is_exact`}, (select count(*) from found) as found, listed.*
from snapshot cross join counted cross join (
  select coalesce(string_agg(json, ','), '') as runs,
    (array_agg(bounty_id))[${limit}] as last_id, (array_agg(value))[${limit}] as last_value
  from page
) as listed`
}

/** The parts that precede `counted`. */
const partsOf: { [By in Gathering['by']]?: (shape: Shape) => SQL } = {
  bands: claimableParts,
  words: searchParts,
}

type Gathering =
  | { by: 'reward' | 'deadline'; when: 'always' | 'faster' }
  | { by: 'bands' | 'magnitudes' | 'words'; when: 'faster' }

/**
 * How a page is found. A walk reads an index in the list's order, and passes the runs that do not match. Gathering reads
 * all matching runs by another index, and sorts them.
 *
 * Undefined if an index begins with what the filter compares and continues in the list's order: a walk then passes few
 * other runs. There is one for no filter, a state, a party, and a party's runs in a state, but not by reward. No index
 * begins with a range: `minReward` and `claimable` are checked for each run that is passed, unless the list is in their
 * own order.
 *
 * `bands` and `magnitudes` gather less than all matching runs: see claimableRuns.ts and rewardedRuns.ts. `words` gathers by
 * the words of briefs, or by the other filters: see searchedRuns.ts.
 */
export function gatheringOf(shape: Shape): Gathering | undefined {
  const { sort, standing, isRewarded, parties } = shape
  if (shape.isSearched) return { by: 'words', when: 'faster' }
  // Expired runs are few, and they are the oldest, so a walk from the newest would pass almost all runs.
  if (standing === 'expired') return sort === 'deadline' ? undefined : { by: 'deadline', when: 'always' }
  const isOfStates = standing === 'state' || standing === 'claimable'
  if (parties.length > 0 && isOfStates) {
    const isInOrder =
      parties.length === 1 && !isRewarded && (standing === 'state' ? sort !== 'reward' : sort === 'deadline')
    return isInOrder ? undefined : { by: 'deadline', when: 'faster' }
  }
  if (isRewarded) {
    if (sort === 'reward') return undefined
    return { by: parties.length === 0 ? 'magnitudes' : 'reward', when: 'faster' }
  }
  return standing === 'claimable' && sort !== 'deadline' ? { by: 'bands', when: 'faster' } : undefined
}

/**
 * Whether expired runs are counted or gathered one by one. They are few if their posters withdraw the escrow, but any
 * account can post many small runs that expire. A page of these is expensive.
 */
export const growsWithExpired = (shape: Shape): boolean =>
  ['claimable', 'expired', 'unclaimable'].includes(shape.standing) &&
  ((shape.isRewarded && shape.standing !== 'claimable') ||
    shape.parties.length > 0 ||
    gatheringOf(shape)?.when === 'always')

/**
 * Whether the list has all runs in the order of ids. The market counts ids up from 1, so the id at an offset is known unless
 * one is missing, and no runs before the page are passed.
 */
const isOfAllIds = (shape: Shape): boolean => isOfIds(shape) && shape.start === 'offset' && !shape.isSearched

function countedBy(shape: Shape): SQL {
  // `offset 0` makes PostgreSQL count once, not at each use of a count.
  const gathering = gatheringOf(shape)
  if (gathering?.when !== 'faster') return sql`select ${totalOf(shape)} as total offset 0`
  if (gathering.by === 'bands') return countedInBands
  if (gathering.by === 'words') return countedInSearch
  if (gathering.by === 'magnitudes') return countedForMagnitudes(shape)
  return sql`select total, ${isGatheringFaster(shape)} as is_gathered from (
    ${sumsOf(shape)}
  ) as sums`
}

/** How many runs match, and how many a walk passes in all. */
const sumsOf = (shape: Shape) => sql`select ${totalOf(shape)} as total,
      ${passedOf(shape)} as passed
    offset 0`

/** Gathering a run takes this many times as long as passing one on a walk, as measured at a million runs: it is sorted. */
const GATHERING_COST = sql.raw('4')

/**
 * Whether gathering takes less time than a walk. The estimate assumes that matching runs are spread evenly among those
 * that a walk passes: to find n matches, it passes n * passed / total runs.
 */
function isGatheringFaster(shape: Shape): SQL {
  const walked = shape.start === 'after' ? rowsOf(shape) : sql`(${offset} + ${limit} + 1)`
  return sql`${GATHERING_COST} * total * total <= ${walked} * passed`
}

/** Later pages are found by a walk: it passes runs in a tenth of the time that merging takes for each that the page needs. */
const MOST_MERGED = sql.raw('2500')

/**
 * Also how many runs are merged from magnitudes to find the page. As measured at a million runs, merging takes twice as long
 * for a run that the page needs as gathering for any that matches, and a twentieth for one that it passes: of the
 * least magnitude, it passes runs of smaller rewards.
 */
const countedForMagnitudes = (shape: Shape) => sql`select total, is_gathered,
    case when is_gathered or needed > ${MOST_MERGED} then 0 else needed end as merged
  from (
    select total, needed, total * total <= needed * (2 * total + passed / 20) as is_gathered from (
      select total, passed, ${neededOf(shape, sql`total`)} as needed from (
        ${sumsOf(shape)}
      ) as sums
    ) as sizes
  ) as choice`

function foundBy(shape: Shape): SQL {
  const runs = sql`select bounty_id, ${keyOf(shape)} as value from run`
  // The position is first, because a scan starts at the first of two bounds on one column, such as `minReward`.
  const condition = and(isAfter(shape), matching(shape)) ?? sql`true`
  const slice = sql`limit ${rowsOf(shape)}${shape.start === 'offset' ? sql` offset ${offset}` : sql``}`
  const walk = (where: SQL) => sql`${runs}
  where ${where}
  order by ${inOrder(shape)}
  ${slice}`
  // `offset 0` prevents that PostgreSQL turns this into a walk in the list's order.
  const gather = (by: string, where: SQL) => sql`select * from (
    ${runs}
    where ${where}
    order by ${sql.raw(by)} offset 0
  ) as gathered
  order by ${byPosition(shape)}
  ${slice}`

  const gathering = gatheringOf(shape)
  if (gathering === undefined) return walk(condition)
  if (gathering.by === 'bands') return foundInBands(shape, slice)
  if (gathering.by === 'words') return foundInSearch(shape)
  if (gathering.when === 'always') return gather(gathering.by, condition)
  // A condition that does not depend on a row: PostgreSQL checks it once, and reads nothing for the other ways.
  const isGathered = sql`(select is_gathered from counted)`
  if (gathering.by === 'magnitudes') {
    return sql`(${walk(sql`${condition} and not (select is_gathered or merged > 0 from counted)`)})
  union all
  (${foundByMagnitudes(shape, condition, slice)})
  union all
  (${gather('reward', sql`${condition} and ${isGathered}`)})`
  }
  return sql`(${walk(sql`${condition} and not ${isGathered}`)})
  union all
  (${gather(gathering.by, sql`${condition} and ${isGathered}`)})`
}

/**
 * One more than the limit, to see whether a run follows the page. At an offset not more than the list has from there on,
 * because a walk would go on behind the last match to the end of the index.
 */
function rowsOf({ start }: Shape): SQL {
  if (start === 'after') return sql`(${limit} + 1)`
  return sql`greatest(least(${limit} + 1, (select total from counted) - ${offset}), 0)`
}
