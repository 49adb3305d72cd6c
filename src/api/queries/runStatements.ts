import { and, type SQL, sql } from 'drizzle-orm'
import { DEADLINE_BAND_SECONDS, runStates, WIDE_BAND_SECONDS } from '../../../ponder.schema.ts'
import { jsonObject } from './json.ts'
import type { RunOrder, Shape } from './runList.ts'
import { runSummaryMembers } from './runs.ts'
import { now, withSnapshot } from './snapshot.ts'

const placeholder = sql.placeholder
const limit = sql`${placeholder('limit')}::int4`
const offset = sql`${placeholder('offset')}::int8`

/**
 * The statement of a list's page; docs/queries.md shows it for each kind of list. Its parts, in this order:
 * - `counted`, one row: `total`, the exact number of matching runs, and whether gathering finds the page faster.
 * - `found`, the ids and sort keys of the page's runs and of the one that follows. They are columns of an index, so the
 *   runs that precede the page are not read from the table.
 * - `page`, the JSON of the page's runs. A left join, because with an inner join PostgreSQL may scan an index of all
 *   runs in the list's order.
 */
export function pageStatement(shape: Shape): SQL {
  return sql`${withSnapshot},
counted as (
  ${countedBy(shape)}
), found as (
  ${foundBy(shape)}
), page as (
  select ${jsonObject(runSummaryMembers)} as json, found.bounty_id, value
  from found left join run on run.bounty_id = found.bounty_id
  order by ${byPosition(shape)} limit ${limit}
)
select snapshot.*, total, (select count(*) from found) as found, listed.*
from snapshot cross join counted cross join (
  select coalesce(string_agg(json, ','), '') as runs,
    (array_agg(bounty_id))[${limit}] as last_id, (array_agg(value))[${limit}] as last_value
  from page
) as listed`
}

type Filter = Pick<Shape, 'standing' | 'isRewarded' | 'parties'>

/** The condition of each standing. The contract accepts a claim up to and including the deadline. */
const inStanding: Record<Shape['standing'], SQL | undefined> = {
  any: undefined,
  state: sql`state = ${placeholder('state')}`,
  claimable: sql`state = 'OPEN' and deadline >= ${now}`,
  expired: sql`state = 'OPEN' and deadline < ${now}`,
  unclaimable: sql`(state <> 'OPEN' or deadline < ${now})`,
  none: sql`false`,
}

const ofParty = {
  poster: sql`poster_address = ${placeholder('poster')}`,
  evaluator: sql`evaluator = ${placeholder('evaluator')}`,
  claimedBy: sql`claimed_by = ${placeholder('claimedBy')}`,
}

function matching({ standing, isRewarded, parties }: Filter): SQL | undefined {
  const isRewardedEnough = isRewarded ? sql`reward >= ${placeholder('minReward')}` : undefined
  return and(...parties.map((party) => ofParty[party]), inStanding[standing], isRewardedEnough)
}

function countedBy(shape: Shape): SQL {
  // `offset 0` makes PostgreSQL count once, not at each use of a count.
  const gathering = gatheringOf(shape)
  if (gathering?.when !== 'faster') return sql`select ${totalOf(shape)} as total offset 0`
  if (gathering.by === 'bands') return countedForBands(shape)
  if (gathering.by === 'magnitudes') return countedForMagnitudes(shape)
  return sql`select total, ${isGatheringFaster(shape)} as is_gathered from (
    select ${totalOf(shape)} as total,
      ${passedOf(shape)} as passed
    offset 0
  ) as sums`
}

/**
 * Also how many matches the page needs, and after how many runs a walk gives up: after a few times as many as it passes
 * where the matches are spread evenly.
 */
const countedForBands = (shape: Shape) => sql`select total, needed,
    ${GATHERING_COST} * total * total <= needed * passed as is_gathered,
    100 + 4 * needed * passed / greatest(total, 1) as most
  from (
    ${sizesOf(shape)}
  ) as sizes`

/** Also whether the page is merged from magnitudes. */
const countedForMagnitudes = (shape: Shape) => sql`select total, needed, is_gathered,
    not is_gathered and needed <= ${sql.raw(String(MOST_MERGED))} as is_merged
  from (
    select total, needed, ${GATHERING_COST} * total * total <= needed * passed as is_gathered from (
      ${sizesOf(shape)}
    ) as sizes
  ) as choice`

/** How many runs match, how many a walk passes in all, and how many matches the page needs. */
const sizesOf = (
  shape: Shape,
) => sql`select total, passed, ${shape.start === 'after' ? sql`${limit} + 1` : neededAtOffset} as needed from (
      select ${totalOf(shape)} as total,
        ${passedOf(shape)} as passed
      offset 0
    ) as sums`

/** Whether days, bands or a party's count have all matching runs but a few. */
export const isCounted = ({ parties, isRewarded }: Filter): boolean =>
  parties.length === 0 || (parties.length === 1 && !isRewarded)

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
 * The exact number of matching runs, at a cost that does not grow with it. These runs are counted one by one:
 * - the runs of the band that `minReward` or the current time splits,
 * - expired runs of a party or with a `minReward`: see `growsWithExpired`. Those of claimable runs with a `minReward` are few,
 *   because each has the escrow of at least this reward,
 * - runs of a party with a `minReward`, and runs of two parties. A page of these is expensive.
 */
function totalOf(shape: Filter): SQL {
  if (!isCounted(shape)) return countOf(matching(shape))
  const isOfAll = shape.parties.length === 0 && !shape.isRewarded
  const areExpired = matching({ ...shape, standing: 'expired' })
  const expired = shape.isRewarded && shape.parties.length === 0 ? countByMagnitude(areExpired) : countOf(areExpired)
  const claimable = isOfAll ? claimableTotal : sql`(${sumOf(shape, 'open')} - ${expired})`
  switch (shape.standing) {
    case 'claimable':
      return claimable
    case 'expired':
      return isOfAll ? sql`${sumOf(shape, 'open')} - ${claimable}` : expired
    case 'unclaimable':
      return sql`${sumOf(shape, 'any')} - ${claimable}`
    case 'none':
      return sql`0`
    default:
      return sumOf(shape, shape.standing)
  }
}

/** Sets of states, as a condition on runs, and as what a row of counts has. */
const statesOf = {
  any: { condition: undefined, count: sql.raw(runStates.join(' + ').toLowerCase()) },
  state: {
    condition: inStanding.state,
    count: sql`case ${placeholder('state')}::text
      ${sql.raw(runStates.map((state) => `when '${state}' then ${state.toLowerCase()}`).join(' '))} end`,
  },
  open: { condition: sql`state = 'OPEN'`, count: sql`open` },
}

type States = keyof typeof statesOf

const countOf = (condition: SQL | undefined) => sql`(select count(*) from run where ${condition})`

/** The numbers of digits that rewards from `minReward` on have. */
const magnitudes = sql`generate_series(length(${placeholder('minReward')}::text), (select length(max(reward)::text) from run)) as digits`

/** Counts runs with a `minReward` and of the state that the condition names, without passing runs of fewer digits. */
const countByMagnitude = (condition: SQL | undefined) => sql`(select coalesce(sum(count), 0)::int8 from ${magnitudes}
      cross join lateral (select count(*) from run where length(reward::text) = digits and ${condition}) as of_magnitude)`

const sumOf = ({ parties, isRewarded }: Pick<Filter, 'parties' | 'isRewarded'>, states: States): SQL => {
  const { count, condition } = statesOf[states]
  const sum = sql`select coalesce(sum(${count}), 0) from`
  if (parties.length > 0) return sql`(${sum} party_count where party = ${placeholder('party')})`
  if (!isRewarded) return sql`(${sum} market_day)`
  const inSplit = sql`reward >= ${placeholder('splitFrom')} and reward < ${placeholder('splitBefore')}`
  return sql`((${sum} market_band where sort = 'reward' and lowest >= ${placeholder('wholeBand')})
    + ${countOf(and(condition, inSplit))} * ${placeholder('splitSign')}::int4)`
}

const SPAN = DEADLINE_BAND_SECONDS
const SPAN_SQL = sql.raw(String(SPAN))

/**
 * How many runs are claimable: the bands from the edge that is nearer to the current time, and the runs between that
 * edge and the time, counted one by one, and added or subtracted.
 */
export const claimableTotal = sql.raw(`(
    select (select coalesce(sum(open), 0) from market_band where sort = 'deadline' and lowest >= edge)
      + (select count(*) from run where state = 'OPEN' and deadline >= least(now, edge) and deadline < greatest(now, edge))
      * case when edge > now then 1 else -1 end
    from (select now, (now + ${SPAN / 2n}) / ${SPAN} * ${SPAN} as edge from snapshot) as time
  )`)

/** The list's first sort key. Ids count up in the order of creation. */
const keyOf = ({ sort }: RunOrder) => sql.raw(sort === 'createdAt' ? 'bounty_id' : sort)

function foundBy(shape: Shape): SQL {
  const key = keyOf(shape)
  const runs = sql`select bounty_id, ${key} as value from run`
  // The position is first, because a scan starts at the first of two bounds on one column, such as `minReward`.
  const condition = and(shape.start === 'after' ? isAfter(shape) : undefined, matching(shape)) ?? sql`true`
  const slice = sql`limit ${rowsOf(shape)}${shape.start === 'offset' ? sql` offset ${offset}` : sql``}`
  const inOrder = sql.raw(
    shape.sort === 'createdAt' ? `bounty_id ${shape.order}` : `${shape.sort} ${shape.order}, bounty_id ${shape.order}`,
  )
  const walk = (where: SQL) => sql`${runs}
  where ${where}
  order by ${inOrder}
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
  if (gathering.by === 'bands') return foundByBands(shape, { inOrder, slice })
  if (gathering.by === 'magnitudes') {
    return sql`(${walk(sql`${condition} and not (select is_gathered or is_merged from counted)`)})
  union all
  (${mergedOfMagnitudes(shape, { condition, inOrder, slice })})
  union all
  (${gather('reward', sql`${condition} and (select is_gathered from counted)`)})`
  }
  if (gathering.when === 'always') return gather(gathering.by, condition)
  // A condition that does not depend on a row: PostgreSQL checks it once, and reads nothing for the other way.
  const isGathered = sql`(select is_gathered from counted)`
  return sql`(${walk(sql`${condition} and not ${isGathered}`)})
  union all
  (${gather(gathering.by, sql`${condition} and ${isGathered}`)})`
}

/**
 * A walk, unless the claimable runs are few. If it gives up, because expired runs are where the page begins, then the page
 * is merged from the bands of deadlines that have OPEN runs: from each as many as the page needs.
 */
function foundByBands(shape: Shape, { inOrder, slice }: { inOrder: SQL; slice: SQL }): SQL {
  const key = keyOf(shape)
  const isPast = shape.start === 'after' ? sql`${isAfter(shape)} and ` : sql``
  const needed = sql`(select needed from counted)`
  const isWalked = sql`(select count(*) >= ${needed} from walked)`
  return sql`with walked as (
    select bounty_id, value from (
      select bounty_id, ${key} as value, deadline from run
      where ${isPast}state = 'OPEN' and not (select is_gathered from counted)
      order by ${inOrder}
      limit (select most from counted)
    ) as passed
    where deadline >= ${now}
    order by ${shape.sort === 'createdAt' ? inOrder : byPosition(shape)}
    limit ${needed}
  )
  (select * from walked where ${isWalked}
  order by ${byPosition(shape)}
  ${slice})
  union all
  (select * from (
    select merged.* from (
      select lowest / ${SPAN_SQL} as number from market_band
      where sort = 'deadline' and lowest > ${now} - ${SPAN_SQL} and lowest < ${nextWide} and open > 0 and not ${isWalked}
    ) as band cross join lateral (
      select bounty_id, ${key} as value from run
      where ${isPast}state = 'OPEN' and deadline / ${SPAN_SQL} = band.number and deadline >= ${now}
      order by ${inOrder}
      limit ${needed}
    ) as merged
    union all
    select merged.* from (
      select distinct lowest / ${WIDE_SQL} as number from market_band
      where sort = 'deadline' and lowest >= ${nextWide} and open > 0 and not ${isWalked}
    ) as band cross join lateral (
      select bounty_id, ${key} as value from run
      where ${isPast}state = 'OPEN' and deadline / ${WIDE_SQL} = band.number
      order by ${inOrder}
      limit ${needed}
    ) as merged
  ) as of_bands
  order by ${byPosition(shape)}
  ${slice})`
}

const WIDE_SQL = sql.raw(String(WIDE_BAND_SECONDS))

/** Where the first wide band begins that has no expired run. */
const nextWide = sql`(${now} / ${WIDE_SQL} + 1) * ${WIDE_SQL}`

/**
 * A page that is merged from magnitudes reads as many runs of each as it needs and as precede it: there are up to eight
 * states with some eight magnitudes. Later pages are found by a walk.
 */
const MOST_MERGED = 1_000

/**
 * The page merged from the states and magnitudes of the matching runs: from each as many as the page needs. It does not pass
 * the runs of smaller rewards, which cost their posters little.
 */
function mergedOfMagnitudes(
  shape: Shape,
  { condition, inOrder, slice }: { condition: SQL; inOrder: SQL; slice: SQL },
): SQL {
  const states =
    shape.standing === 'state'
      ? sql`${placeholder('state')}::text`
      : sql.raw(shape.standing === 'claimable' ? `'OPEN'` : runStates.map((state) => `'${state}'`).join(', '))
  return sql`select merged.* from (
    select of_state, digits from unnest(array[${states}]) as of_state cross join ${magnitudes}
    where (select is_merged from counted)
  ) as part cross join lateral (
    select bounty_id, ${keyOf(shape)} as value from run
    where state = of_state and length(reward::text) = digits and ${condition}
    order by ${inOrder}
    limit (select needed from counted)
  ) as merged
  order by ${byPosition(shape)}
  ${slice}`
}

function isAfter({ sort, order }: RunOrder): SQL {
  const compare = sql.raw(order === 'asc' ? '>' : '<')
  const [id, value] = [sql`${placeholder('afterId')}::int8`, sql`${placeholder('afterValue')}::int8`]
  return sort === 'createdAt'
    ? sql`bounty_id ${compare} ${id}`
    : sql`(${sql.raw(sort)}, bounty_id) ${compare} (${value}, ${id})`
}

const byPosition = ({ order }: RunOrder) => sql.raw(`value ${order}, bounty_id ${order}`)

/**
 * One more than the limit, to see whether a run follows the page. At an offset not more than the list has from there on,
 * because a walk would go on behind the last match to the end of the index.
 */
function rowsOf({ start }: Shape): SQL {
  if (start === 'after') return sql`(${limit} + 1)`
  return sql`greatest(least(${limit} + 1, (select total from counted) - ${offset}), 0)`
}

type Gathering =
  | { by: 'reward' | 'deadline'; when: 'always' | 'faster' }
  | { by: 'bands' | 'magnitudes'; when: 'faster' }

/** How many matches the list has up to the end of the page; none if the page is past its end. */
const neededAtOffset = sql`case when total > ${offset} then least(${offset} + ${limit} + 1, total) else 0 end`

/**
 * How a page is found. A walk reads an index in the list's order, and passes the runs that do not match. Gathering reads
 * all matching runs by another index, and sorts them.
 *
 * Undefined if an index begins with what the filter compares and continues in the list's order: a walk then passes few
 * other runs. There is one for no filter, a state, a party, and a party's runs in a state, but not by reward. No index
 * begins with a range: `minReward` and `claimable` are checked for each run that is passed, unless the list is in their
 * own order.
 *
 * `bands` and `magnitudes` gather less than all matching runs: see `foundByBands` and `mergedOfMagnitudes`.
 */
export function gatheringOf(shape: Shape): Gathering | undefined {
  const { sort, standing, isRewarded, parties } = shape
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
    const isMerged = parties.length === 0 && (isOfStates || standing === 'any')
    return { by: isMerged ? 'magnitudes' : 'reward', when: 'faster' }
  }
  return standing === 'claimable' && sort !== 'deadline' ? { by: 'bands', when: 'faster' } : undefined
}

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

/** How many runs a walk in the list's order passes in all: those with the equal values that its index begins with. */
function passedOf({ sort, standing, parties }: Shape): SQL {
  const passed = { parties: parties.length === 1 ? parties : [], isRewarded: false }
  if (parties.length > 1 || (parties.length === 1 && sort === 'reward')) return sumOf(passed, 'any')
  return sumOf(passed, standing === 'state' ? 'state' : standing === 'claimable' ? 'open' : 'any')
}
