import { and, type SQL, sql } from 'drizzle-orm'
import { runStates } from '../../../ponder.schema.ts'
import { byPosition, inOrder, isAfter, keyOf, matching } from './runConditions.ts'
import type { Shape } from './runList.ts'
import { greatestMagnitude, leastMagnitude, magnitudes } from './runTotals.ts'

/** How many runs are merged. It is 0 if the page is found in another way: PostgreSQL reads nothing for a limit of 0. */
const merged = sql`(select merged from counted)`

/**
 * The magnitudes that have parts of their own, counted from that of `minReward`. Each part of each state takes 10 µs, also
 * if it has no run. Runs with a thousand times the reward are few as a rule: of each state and magnitude, as many as the page
 * needs are read and sorted.
 */
const MAGNITUDES = [0, 1, 2]

/**
 * The page merged from the states and the magnitudes of the matching runs, so that it passes no runs of smaller
 * magnitudes, which cost their posters little. An index has each part in the order of the list, so that PostgreSQL reads
 * of each only what the page needs: its plan has a Merge Append.
 * @param condition of the page's runs and those that follow.
 * @param slice the limit and the offset of the page.
 */
export function foundByMagnitudes(shape: Shape, condition: SQL, slice: SQL): SQL {
  const runsOf = (state: SQL, digits: SQL) => sql`select bounty_id, ${keyOf(shape)} as value from run
      where state = ${state} and length(reward::text) = ${digits} and ${condition}
      order by ${inOrder(shape)}`
  const states = statesOf(shape)
  const parts = states.flatMap((state) =>
    MAGNITUDES.map((more) => sql`(${runsOf(state, sql`${leastMagnitude} + ${sql.raw(String(more))}`)})`),
  )
  const inMerged = sql`order by ${byPosition(shape)} limit ${merged}`
  return sql`select * from (
    (select * from (
    ${sql.join(parts, sql.raw('\n    union all\n    '))}
    ) as parts ${inMerged})
    union all
    (select greater.* from unnest(array[${sql.join(states, sql`, `)}]) as of_state
    cross join generate_series(${leastMagnitude} + ${sql.raw(String(MAGNITUDES.length))}, ${greatestMagnitude}) as digits cross join lateral (
      ${runsOf(sql`of_state`, sql`digits`)}
      limit ${merged}
    ) as greater ${inMerged})${shape.standing === 'unclaimable' ? expiredByMagnitudes(shape) : sql``}
  ) as merged
  order by ${byPosition(shape)}
  ${slice}`
}

/** The states of the parts that have an order. */
function statesOf({ standing }: Shape): SQL[] {
  if (standing === 'state') return [sql`${sql.placeholder('state')}::text`]
  if (standing === 'claimable') return [sql`'OPEN'`]
  return runStates.filter((state) => standing === 'any' || state !== 'OPEN').map((state) => sql.raw(`'${state}'`))
}

/** All of them, because they are counted one by one too, and a walk in the list's order would pass the claimable runs. */
const expiredByMagnitudes = (shape: Shape) => sql`
    union all
    select of_magnitude.* from ${magnitudes} cross join lateral (
      select bounty_id, ${keyOf(shape)} as value from run
      where length(reward::text) = digits and ${and(isAfter(shape), matching({ ...shape, standing: 'expired' }))}
      order by deadline offset 0
    ) as of_magnitude
    where ${merged} > 0`
