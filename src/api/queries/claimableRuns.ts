import { and, type SQL, sql } from 'drizzle-orm'
import { DEADLINE_BAND_SECONDS } from '../../../ponder.schema.ts'
import { byPosition, inOrder, isAfter, keyOf, limit, matching, neededOf, offset } from './runConditions.ts'
import type { Shape } from './runList.ts'
import { claimableTotal, nextBandOf, WIDE_SQL } from './runTotals.ts'
import { now } from './snapshot.ts'

/**
 * Pages of claimable runs that are merged from the bands of their deadlines. An index has each band in the order of the
 * list, and the bands ahead have no expired runs.
 */

/** A key after those of all runs. */
const anyKey = { asc: sql.raw('9223372036854775807'), desc: sql.raw('0') }

/** A walk that passes more OPEN runs than this for each claimable one takes longer than merging some 16 bands. */
const MOST_PASSED_PER_MATCH = sql.raw('16')

/** If none of so many runs is claimable where the page begins, a walk would only pass expired ones. */
const PROBED = sql.raw('50')

const BAND_SQL = sql.raw(String(DEADLINE_BAND_SECONDS))

/**
 * Claimable runs, counted and found without the expired ones, however many expired. Parts that come before `counted`:
 * - `sizes`, how many runs are claimable, how many the page needs, and after how many runs a walk gives up: after twice as
 *   many as it passes where claimable runs are spread evenly among the OPEN ones; at once, if the first ones are expired.
 * - `walked`, the page by a walk in the list's order over the OPEN runs. `walk` has whether it is complete. If it is, the
 *   other parts have no rows.
 * - `wide`, the wide bands ahead, and how many runs of each the page is likely to need.
 * - `page_end`, up to which key the page can need runs, given these. More runs of a band than these are read only up to it.
 */
export function claimableParts(shape: Shape): SQL {
  const isOpen = and(isAfter(shape), sql`state = 'OPEN'`)
  const listed = shape.start === 'after' ? sql`needed` : sql`greatest(needed - ${offset}, 0)`
  return sql`sizes as (
  select total, needed, ${listed} as listed,
    case when probed > 0 and all_open < ${MOST_PASSED_PER_MATCH} * total then 50 + 2 * needed * all_open / total else 0 end as most
  from (
    select total, all_open, probed, ${neededOf(shape, sql`total`)} as needed from (
      select ${claimableTotal} as total,
        (select coalesce(sum(open), 0) from market_day) as all_open,
        (select count(*) from (
          select deadline from run where ${isOpen} order by ${inOrder(shape)} limit ${PROBED}
        ) as first_runs where deadline >= ${now}) as probed
      offset 0
    ) as sums
  ) as counts
), walked as (
  select bounty_id, value from (
    select bounty_id, ${keyOf(shape)} as value, deadline from run
    where ${isOpen}
    order by ${inOrder(shape)}
    limit (select most from sizes)
  ) as passed
  where deadline >= ${now}
  order by ${byPosition(shape)}
  limit ${limit} + 1${shape.start === 'after' ? sql`` : sql` offset ${offset}`}
), walk as (
  select count(*) >= (select listed from sizes) as is_complete from walked
), wide as (
  select lowest / ${WIDE_SQL} as number, ${shareOf(shape)} as likely
  from snapshot cross join sizes cross join walk join deadline_band on seconds = ${WIDE_SQL} and lowest >= ${nextBandOf(WIDE_SQL)}
  where open > 0 and not is_complete
), page_end as (
  select needed, "now", case when found >= needed then last_key else ${anyKey[shape.order]} end as last_key
  from snapshot cross join sizes cross join walk cross join lateral (
    select count(*) as found, ${sql.raw(shape.order === 'asc' ? 'max' : 'min')}(value) as last_key from (
      select merged.* from wide cross join lateral (
        ${firstOfBand(shape, sql`likely`, sql`deadline / ${WIDE_SQL} = number`)}
      ) as merged
      order by ${byPosition(shape)}
      limit needed
    ) as likely
  ) as likely
  where not is_complete
)`
}

/**
 * How many runs of a wide band the page is likely to need: as many as if each had its share of the page. The oldest
 * claimable runs are not spread so: most are in the first band.
 */
function shareOf({ sort, order }: Shape): SQL {
  const share = sql`least(needed, 10 + needed * open / sum(open) over ())`
  return sort === 'createdAt' && order === 'asc'
    ? sql`case when lowest = min(lowest) over () then needed else ${share} end`
    : share
}

const firstOfBand = (
  shape: Shape,
  most: SQL,
  ...conditions: SQL[]
) => sql`select bounty_id, ${keyOf(shape)} as value from run
      where ${and(isAfter(shape), sql`state = 'OPEN'`, ...conditions)}
      order by ${inOrder(shape)}
      limit ${most}`

export const countedInBands = sql`select total from sizes`

/**
 * Of the current band, all claimable runs are read that the page can need, because a walk in the list's order would pass the
 * expired ones.
 * @param slice the limit and the offset of the page.
 */
export function foundInBands(shape: Shape, slice: SQL): SQL {
  const canBeNeeded = sql`${keyOf(shape)} ${sql.raw(shape.order === 'asc' ? '<=' : '>=')} last_key`
  return sql`select * from walked where (select is_complete from walk)
  union all
  (select * from (
    select merged.* from page_end cross join wide cross join lateral (
      ${firstOfBand(shape, sql`needed`, sql`deadline / ${WIDE_SQL} = number`, canBeNeeded)}
    ) as merged
    union all
    select merged.* from page_end
    cross join lateral generate_series("now" / ${BAND_SQL} + 1, ${nextBandOf(WIDE_SQL)} / ${BAND_SQL} - 1) as number
    cross join lateral (
      ${firstOfBand(shape, sql`needed`, sql`deadline / ${BAND_SQL} = number`, canBeNeeded)}
    ) as merged
    union all
    select bounty_id, ${keyOf(shape)} as value
    from page_end join run on ${and(isAfter(shape), matching({ standing: 'claimable', isRewarded: false, parties: [] }), canBeNeeded)}
      and deadline < ${nextBandOf(BAND_SQL)}
  ) as parts
  order by ${byPosition(shape)}
  ${slice})`
}
