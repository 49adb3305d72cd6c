import { and, type SQL, sql } from 'drizzle-orm'
import { WIDE_BAND_SECONDS } from '../../../ponder.schema.ts'
import { byPosition, inOrder, isAfter, keyOf, neededOf } from './runConditions.ts'
import type { Shape } from './runList.ts'
import { BAND_SQL, isInCurrentBand, nextBand } from './runTotals.ts'
import { now } from './snapshot.ts'

/**
 * Pages of claimable runs that are merged from the bands of their deadlines. An index has each band in the order of the
 * list, and the bands ahead have no expired runs.
 */

/** How many of the list's runs the page needs. */
const needed = sql`(select needed from sizes)`

/** Keys before and after those of all runs. */
const noKey = { asc: sql.raw('0'), desc: sql.raw('9223372036854775807') }
const anyKey = { asc: noKey.desc, desc: noKey.asc }

/** The key of the last run that the page can need, given the first `needed` of some of the list's runs, or all if they are fewer. */
const lastKey = ({ order }: Shape) =>
  sql`case when count(*) >= ${needed} then ${sql.raw(order === 'asc' ? 'max' : 'min')}(value) else ${anyKey[order]} end`

/** Whether the page can need a run. */
const canBeNeeded = ({ sort, order }: Shape) =>
  sql`${keyOf({ sort, order })} ${sql.raw(order === 'asc' ? '<=' : '>=')} (select last_key from page_end)`

/** A walk that passes more OPEN runs than this for each claimable one takes longer than merging some 16 bands. */
const MOST_PASSED_PER_MATCH = sql.raw('16')

/** If none of so many runs is claimable where the page begins, a walk would only pass expired ones. */
const PROBED = sql.raw('50')

const WIDE_SQL = sql.raw(String(WIDE_BAND_SECONDS))

/** Where the first wide band begins that has no expired run. */
const nextWide = sql`(${now} / ${WIDE_SQL} + 1) * ${WIDE_SQL}`

const isWalked = sql`(select is_complete from walk)`

/**
 * Claimable runs, counted and found without the expired ones, however many expired. Parts that come before `counted`:
 * - `bands`, the bands of deadlines that have claimable runs and no expired ones.
 * - `sizes`, how many runs the page needs, and after how many runs a walk gives up: after twice as many as it passes where
 *   claimable runs are spread evenly among the OPEN ones; at once, if the first ones are expired.
 * - `walked`, the page by a walk in the list's order over the OPEN runs. `walk` has whether it is complete.
 * - `wide`, the wide bands, if the walk gave up because expired runs are where the page begins, and how many runs of each
 *   the page is likely to need.
 * - `page_end`, up to which key the page can need runs, given these. More runs of a band than these are read only up to it.
 * - `current_band`, of the band that the current time splits, how many runs are claimable, and those that the page can
 *   need. All are read, because a walk in the list's order would pass the expired ones.
 */
export function claimableParts(shape: Shape): SQL {
  const key = keyOf(shape)
  const isOpen = and(isAfter(shape), sql`state = 'OPEN'`)
  const isOfPage = and(isAfter(shape), canBeNeeded(shape))
  return sql`bands as (
  select lowest, open from market_band where sort = 'deadline' and lowest >= ${nextBand} and open > 0
), sizes as (
  select ahead, needed,
    case when probed > 0 and all_open < ${MOST_PASSED_PER_MATCH} * ahead then 50 + 2 * needed * all_open / ahead else 0 end as most
  from (
    select probed, all_open, ahead, ${neededOf(shape, sql`all_open`)} as needed from (
      select (select coalesce(sum(open), 0) from market_day) as all_open,
        (select coalesce(sum(open), 0) from bands) as ahead,
        (select count(*) from (
          select deadline from run where ${isOpen} order by ${inOrder(shape)} limit ${PROBED}
        ) as first_runs where deadline >= ${now}) as probed
      offset 0
    ) as sums
  ) as listed
), walked as (
  select bounty_id, value from (
    select bounty_id, ${key} as value, deadline from run
    where ${isOpen}
    order by ${inOrder(shape)}
    limit (select most from sizes)
  ) as passed
  where deadline >= ${now}
  order by ${byPosition(shape)}
  limit ${needed}
), walk as (
  select count(*) >= ${needed} as is_complete from walked
), wide as (
  select number, ${shareOf(shape)} as likely from (
    select lowest / ${WIDE_SQL} as number, sum(open) as open from bands
    where lowest >= ${nextWide} and not ${isWalked}
    group by 1
  ) as band cross join sizes
), page_end as (
  select case when ${isWalked} then ${noKey[shape.order]} else ${lastKey(shape)} end as last_key from (
    select merged.* from wide cross join lateral (
      ${firstOfBand(shape, sql`likely`, sql`deadline / ${WIDE_SQL} = number`)}
    ) as merged
    order by ${byPosition(shape)}
    limit ${needed}
  ) as likely
), current_band as (
  select count(*) as claimable,
    array_agg(bounty_id) filter (where ${isOfPage}) as ids, array_agg(${key}) filter (where ${isOfPage}) as keys
  from run where ${isInCurrentBand}
)`
}

/**
 * How many runs of a wide band the page is likely to need: as many as if each had its share of the page. The oldest
 * claimable runs are not spread so: most are in the first band.
 */
function shareOf({ sort, order }: Shape): SQL {
  const share = sql`10 + needed * open / sum(open) over ()`
  if (sort !== 'createdAt' || order !== 'asc') return sql`least(needed, ${share})::int8`
  return sql`case when number = min(number) over () then needed else least(needed, ${share})::int8 end`
}

const firstOfBand = (
  shape: Shape,
  most: SQL,
  ...conditions: SQL[]
) => sql`select bounty_id, ${keyOf(shape)} as value from run
      where ${and(isAfter(shape), sql`state = 'OPEN'`, ...conditions)}
      order by ${inOrder(shape)}
      limit ${most}`

export const countedInBands = sql`select ahead + claimable as total from sizes cross join current_band`

/** @param slice the limit and the offset of the page. */
export const foundInBands = (shape: Shape, slice: SQL) => sql`select * from (
    select * from walked where ${isWalked}
    union all
    select merged.* from wide cross join lateral (
      ${firstOfBand(shape, needed, sql`deadline / ${WIDE_SQL} = number`, canBeNeeded(shape))}
    ) as merged
    union all
    select merged.* from (
      select lowest / ${BAND_SQL} as number from bands where lowest < ${nextWide} and not ${isWalked}
    ) as band cross join lateral (
      ${firstOfBand(shape, needed, sql`deadline / ${BAND_SQL} = band.number`, canBeNeeded(shape))}
    ) as merged
    union all
    select listed.* from current_band cross join unnest(ids, keys) as listed (bounty_id, value)
  ) as parts
  order by ${byPosition(shape)}
  ${slice}`
