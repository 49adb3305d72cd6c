import { and, type SQL, sql } from 'drizzle-orm'
import { runStates, WIDE_BAND_SECONDS } from '../../../ponder.schema.ts'
import { byPosition, inOrder, isAfter, keyOf, neededOf } from './runConditions.ts'
import type { Shape } from './runList.ts'
import { BAND_SQL, isInCurrentBand, magnitudes, nextBand } from './runTotals.ts'
import { now } from './snapshot.ts'

/**
 * Pages that are merged from parts of the runs: an index has each part in the order of the list. From each part as many
 * runs as the page needs are read, so that the page does not pass the runs of other parts. From the parts after the first
 * ones, only runs before the last that the page needs of these.
 */

/** Keys before and after those of all runs. */
const noKey = { asc: sql.raw('0'), desc: sql.raw('9223372036854775807') }
const anyKey = { asc: noKey.desc, desc: noKey.asc }

/**
 * Up to which key the page can need runs, given a part that has the first `needed` of some of the list's runs, or all of
 * them if they are fewer.
 */
const lastKey = ({ order }: Shape, needed: SQL) =>
  sql`case when count(*) >= ${needed} then ${sql.raw(order === 'asc' ? 'max' : 'min')}(value) else ${anyKey[order]} end`

const isUpTo = (shape: Shape, last: SQL) => sql`${keyOf(shape)} ${sql.raw(shape.order === 'asc' ? '<=' : '>=')} ${last}`

/** A walk that passes more OPEN runs than this for each claimable one takes longer than merging some 16 bands. */
const MOST_PASSED_PER_MATCH = sql.raw('16')

const WIDE_SQL = sql.raw(String(WIDE_BAND_SECONDS))

/** Where the first wide band begins that has no expired run. */
const nextWide = sql`(${now} / ${WIDE_SQL} + 1) * ${WIDE_SQL}`

const neededInBands = sql`(select needed from sizes)`
const isWalked = sql`(select is_complete from walk)`
const isNeededOfBand = (shape: Shape) => isUpTo(shape, sql`(select last_key from page_end)`)

/**
 * Claimable runs, counted and found without the expired ones, however many expired. Parts that come before `counted`:
 * - `bands`, the bands of deadlines that have claimable runs and no expired ones.
 * - `sizes`, how many runs the page needs, and after how many runs a walk gives up: after twice as many as it passes where
 *   claimable runs are spread evenly among the OPEN ones.
 * - `walked`, the page by a walk in the list's order over the OPEN runs. `walk` has whether it is complete.
 * - `wide`, the page by merging the wide bands, if the walk gave up because expired runs are where the page begins.
 * - `page_end`, up to which key the page can need runs of the other bands.
 * - `current_band`, of the band that the current time splits, how many runs are claimable, and those that the page can
 *   need. All are read, because a walk in the list's order would pass the expired ones.
 */
export function claimableParts(shape: Shape): SQL {
  const isPast = shape.start === 'after' ? isAfter(shape) : undefined
  const isOfPage = and(isPast, isNeededOfBand(shape))
  const key = keyOf(shape)
  return sql`bands as (
  select lowest, open from market_band where sort = 'deadline' and lowest >= ${nextBand} and open > 0
), sizes as (
  select needed,
    case when all_open < ${MOST_PASSED_PER_MATCH} * ahead then 50 + 2 * needed * all_open / ahead else 0 end as most
  from (
    select all_open, ahead, ${neededOf(shape, sql`all_open`)} as needed from (
      select (select coalesce(sum(open), 0) from market_day) as all_open,
        (select coalesce(sum(open), 0) from bands) as ahead
      offset 0
    ) as sums
  ) as listed
), walked as (
  select bounty_id, value from (
    select bounty_id, ${key} as value, deadline from run
    where ${and(isPast, sql`state = 'OPEN'`)}
    order by ${inOrder(shape)}
    limit (select most from sizes)
  ) as passed
  where deadline >= ${now}
  order by ${shape.sort === 'createdAt' ? inOrder(shape) : byPosition(shape)}
  limit ${neededInBands}
), walk as (
  select count(*) >= ${neededInBands} as is_complete from walked
), wide as (
  select merged.* from (
    select distinct lowest / ${WIDE_SQL} as number from bands where lowest >= ${nextWide} and not ${isWalked}
  ) as band cross join lateral (
    ${firstOfBand(shape, sql`deadline / ${WIDE_SQL} = band.number`)}
  ) as merged
  order by ${byPosition(shape)}
  limit ${neededInBands}
), page_end as (
  select case when ${isWalked} then ${noKey[shape.order]} else ${lastKey(shape, neededInBands)} end as last_key from wide
), current_band as (
  select count(*) as claimable,
    array_agg(bounty_id) filter (where ${isOfPage}) as ids, array_agg(${key}) filter (where ${isOfPage}) as keys
  from run where ${isInCurrentBand}
)`
}

const firstOfBand = (shape: Shape, ...conditions: SQL[]) => sql`select bounty_id, ${keyOf(shape)} as value from run
      where ${and(shape.start === 'after' ? isAfter(shape) : undefined, sql`state = 'OPEN'`, ...conditions)}
      order by ${inOrder(shape)}
      limit ${neededInBands}`

export const countedInBands = sql`select (select coalesce(sum(open), 0) from bands) + claimable as total from current_band`

/** @param slice the limit and the offset of the page. */
export const foundInBands = (shape: Shape, slice: SQL) => sql`select * from (
    select * from walked where ${isWalked}
    union all
    select * from wide
    union all
    select merged.* from (
      select lowest / ${BAND_SQL} as number from bands where lowest < ${nextWide} and not ${isWalked}
    ) as band cross join lateral (
      ${firstOfBand(shape, sql`deadline / ${BAND_SQL} = band.number`, isNeededOfBand(shape))}
    ) as merged
    union all
    select listed.* from current_band cross join unnest(ids, keys) as listed (bounty_id, value)
  ) as parts
  order by ${byPosition(shape)}
  ${slice}`

const neededByMagnitude = sql`(select needed from counted)`

/** In which state runs are most frequent where the list begins. */
const frequentState = { asc: 'APPROVED', desc: 'OPEN' } as const

/**
 * The page merged from the states and magnitudes of the matching runs. It does not pass the runs of smaller rewards, which
 * cost their posters little.
 * @param condition of the page's runs and those that follow.
 * @param slice the limit and the offset of the page.
 */
export function foundByMagnitudes(shape: Shape, condition: SQL, slice: SQL): SQL {
  const partsOf = (states: SQL, ...conditions: SQL[]) => sql`select merged.* from (
      select of_state, digits from unnest(array[${states}]) as of_state cross join ${magnitudes}
      where (select is_merged from counted)
    ) as part cross join lateral (
      select bounty_id, ${keyOf(shape)} as value from run
      where state = of_state and length(reward::text) = digits and ${and(condition, ...conditions)}
      order by ${inOrder(shape)}
      limit ${neededByMagnitude}
    ) as merged`
  const inSlice = sql`order by ${byPosition(shape)}
  ${slice}`
  if (shape.standing === 'state')
    return sql`${partsOf(sql`${sql.placeholder('state')}::text`)}
  ${inSlice}`
  if (shape.standing === 'claimable')
    return sql`${partsOf(sql`'OPEN'`)}
  ${inSlice}`
  const frequent = frequentState[shape.order]
  const others = runStates.filter((state) => state !== frequent)
  return sql`with frequent as (
    ${partsOf(sql.raw(`'${frequent}'`))}
    order by ${byPosition(shape)} limit ${neededByMagnitude}
  )
  select * from (
    select * from frequent
    union all
    ${partsOf(sql.raw(others.map((state) => `'${state}'`).join(', ')), isUpTo(shape, sql`(select ${lastKey(shape, neededByMagnitude)} from frequent)`))}
  ) as parts
  ${inSlice}`
}
