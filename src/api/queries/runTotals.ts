import { and, type SQL, sql } from 'drizzle-orm'
import { HOUR_SECONDS, runStates, WIDE_BAND_SECONDS } from '../../../ponder.schema.ts'
import { type Filter, matching } from './runConditions.ts'
import type { Shape } from './runList.ts'

const placeholder = sql.placeholder

/** Whether days, bands or a party's count have all matching runs but a few. */
export const isCounted = ({ parties, isRewarded }: Filter): boolean =>
  parties.length === 0 || (parties.length === 1 && !isRewarded)

/**
 * The exact number of matching runs, at a cost that does not grow with it. These runs are counted one by one:
 * - the runs of the band that `minReward` or the current time splits,
 * - expired runs of a party or with a `minReward`: see `growsWithExpired`. Those of claimable runs with a `minReward` are few,
 *   because each has the escrow of at least this reward,
 * - runs of a party with a `minReward`, and runs of two parties. A page of these is expensive.
 */
export function totalOf(shape: Filter): SQL {
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

/** How many runs a walk in the list's order passes in all: those with the equal values that its index begins with. */
export function passedOf({ sort, standing, parties }: Shape): SQL {
  const passed = { parties: parties.length === 1 ? parties : [], isRewarded: false }
  if (parties.length > 1 || (parties.length === 1 && sort === 'reward')) return sumOf(passed, 'any')
  return sumOf(passed, standing === 'state' ? 'state' : standing === 'claimable' ? 'open' : 'any')
}

/** Sets of states, as a condition on runs, and as what a row of counts has. */
const statesOf = {
  any: { condition: undefined, count: sql.raw(runStates.join(' + ').toLowerCase()) },
  state: {
    condition: sql`state = ${placeholder('state')}`,
    count: sql`case ${placeholder('state')}::text
      ${sql.raw(runStates.map((state) => `when '${state}' then ${state.toLowerCase()}`).join(' '))} end`,
  },
  open: { condition: sql`state = 'OPEN'`, count: sql`open` },
}

type States = keyof typeof statesOf

const countOf = (condition: SQL | undefined) => sql`(select count(*) from run where ${condition})`

/** The number of digits of `minReward`, and of the greatest reward. */
export const leastMagnitude = sql`length(${placeholder('minReward')}::int8::text)`
export const greatestMagnitude = sql`(select length(max(reward)::text) from run)`

/** Counts runs with a `minReward` and of the state that the condition names, without passing runs of fewer digits. */
const countByMagnitude = (condition: SQL | undefined) => sql`(select coalesce(sum(count), 0)::int8
      from generate_series(${leastMagnitude}, ${greatestMagnitude}) as digits
      cross join lateral (select count(*) from run where length(reward::text) = digits and ${condition}) as of_magnitude)`

const sumOf = ({ parties, isRewarded }: Pick<Filter, 'parties' | 'isRewarded'>, states: States): SQL => {
  const { count, condition } = statesOf[states]
  const sum = sql`select coalesce(sum(${count}), 0) from`
  if (parties.length > 0) return sql`(${sum} party_count where party = ${placeholder('party')})`
  if (!isRewarded) return sql`(${sum} market_day)`
  const inSplit = sql`reward >= ${placeholder('splitFrom')} and reward < ${placeholder('splitBefore')}`
  return sql`((${sum} reward_band where lowest >= ${placeholder('wholeBand')})
    + ${countOf(and(condition, inSplit))} * ${placeholder('splitSign')}::int4)`
}

const HOUR_SQL = sql.raw(String(HOUR_SECONDS))
export const WIDE_SQL = sql.raw(String(WIDE_BAND_SECONDS))

/** Where the first of the bands of deadlines begins that have no run which has expired at `"now"`. */
export const nextBandOf = (seconds: SQL) => sql`("now" / ${seconds} + 1) * ${seconds}`

/**
 * How many runs are claimable: the OPEN runs of the wide bands ahead and of the hours before these, and the claimable runs of
 * the current hour, which are counted one by one. Expired runs are not, because any account can post many small runs that
 * expire at once.
 */
export const claimableTotal = sql`(select (select coalesce(sum(open), 0) from deadline_band where seconds = ${WIDE_SQL} and lowest >= next_wide)
    + (select coalesce(sum(open), 0) from deadline_band where seconds = ${HOUR_SQL} and lowest >= next_hour and lowest < next_wide)
    + ${countOf(sql`state = 'OPEN' and deadline >= "now" and deadline < next_hour`)}
    from (select "now", ${nextBandOf(HOUR_SQL)} as next_hour, ${nextBandOf(WIDE_SQL)} as next_wide from "snapshot") as bounds)`
