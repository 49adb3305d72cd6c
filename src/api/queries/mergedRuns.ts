import { type SQL, sql } from 'drizzle-orm'
import { DEADLINE_BAND_SECONDS, runStates, WIDE_BAND_SECONDS } from '../../../ponder.schema.ts'
import { byPosition, inOrder, isAfter, keyOf } from './runConditions.ts'
import type { Shape } from './runList.ts'
import { magnitudes } from './runTotals.ts'
import { now } from './snapshot.ts'

/**
 * Pages that are merged from parts of the runs: an index has each part in the order of the list. From each part as many
 * runs as the page needs are read, so that the page does not pass the runs of other parts.
 */

const SPAN_SQL = sql.raw(String(DEADLINE_BAND_SECONDS))
const WIDE_SQL = sql.raw(String(WIDE_BAND_SECONDS))

/** Where the first wide band begins that has no expired run. */
const nextWide = sql`(${now} / ${WIDE_SQL} + 1) * ${WIDE_SQL}`

/**
 * Claimable runs. A walk, unless they are few. If it gives up, because expired runs are where the page begins, then the page
 * is merged from the bands of deadlines that have OPEN runs.
 * @param slice the limit and the offset of the page.
 */
export function foundByBands(shape: Shape, slice: SQL): SQL {
  const key = keyOf(shape)
  const isPast = shape.start === 'after' ? sql`${isAfter(shape)} and ` : sql``
  const needed = sql`(select needed from counted)`
  const isWalked = sql`(select count(*) >= ${needed} from walked)`
  return sql`with walked as (
    select bounty_id, value from (
      select bounty_id, ${key} as value, deadline from run
      where ${isPast}state = 'OPEN' and not (select is_gathered from counted)
      order by ${inOrder(shape)}
      limit (select most from counted)
    ) as passed
    where deadline >= ${now}
    order by ${shape.sort === 'createdAt' ? inOrder(shape) : byPosition(shape)}
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
      order by ${inOrder(shape)}
      limit ${needed}
    ) as merged
    union all
    select merged.* from (
      select distinct lowest / ${WIDE_SQL} as number from market_band
      where sort = 'deadline' and lowest >= ${nextWide} and open > 0 and not ${isWalked}
    ) as band cross join lateral (
      select bounty_id, ${key} as value from run
      where ${isPast}state = 'OPEN' and deadline / ${WIDE_SQL} = band.number
      order by ${inOrder(shape)}
      limit ${needed}
    ) as merged
  ) as of_bands
  order by ${byPosition(shape)}
  ${slice})`
}

/**
 * The page merged from the states and magnitudes of the matching runs. It does not pass the runs of smaller rewards, which
 * cost their posters little.
 * @param condition of the page's runs and those that follow.
 * @param slice the limit and the offset of the page.
 */
export function foundByMagnitudes(shape: Shape, condition: SQL, slice: SQL): SQL {
  const states =
    shape.standing === 'state'
      ? sql`${sql.placeholder('state')}::text`
      : sql.raw(shape.standing === 'claimable' ? `'OPEN'` : runStates.map((state) => `'${state}'`).join(', '))
  return sql`select merged.* from (
    select of_state, digits from unnest(array[${states}]) as of_state cross join ${magnitudes}
    where (select is_merged from counted)
  ) as part cross join lateral (
    select bounty_id, ${keyOf(shape)} as value from run
    where state = of_state and length(reward::text) = digits and ${condition}
    order by ${inOrder(shape)}
    limit (select needed from counted)
  ) as merged
  order by ${byPosition(shape)}
  ${slice}`
}
