import { type SQL, sql } from 'drizzle-orm'
import { byPosition, inOrder, keyOf } from './runConditions.ts'
import type { Shape } from './runList.ts'
import { greatestMagnitude, leastMagnitude } from './runTotals.ts'

/** How many runs are merged. It is 0 if the page is found in another way: PostgreSQL reads nothing for a limit of 0. */
const merged = sql`(select merged from counted)`

/**
 * The magnitudes that have parts of their own, counted from that of `minReward`. Each part takes 10 µs, also if it has no
 * run. Runs with a thousand times the reward are few as a rule: of each magnitude, as many as the page needs are read and
 * sorted.
 */
const MAGNITUDES = [0, 1, 2]

/**
 * The page merged from the magnitudes of the matching runs, so that it passes no runs of smaller magnitudes, which cost
 * their posters little. An index has each part in the order of the list, so that PostgreSQL reads of each only what the
 * page needs: its plan has a Merge Append.
 * @param condition of the page's runs and those that follow.
 * @param slice the limit and the offset of the page.
 */
export function foundByMagnitudes(shape: Shape, condition: SQL, slice: SQL): SQL {
  const runsOf = (digits: SQL) => sql`select bounty_id, ${keyOf(shape)} as value from run
      where length(reward::text) = ${digits} and ${condition}
      order by ${inOrder(shape)}`
  const parts = MAGNITUDES.map((more) => sql`(${runsOf(sql`${leastMagnitude} + ${sql.raw(String(more))}`)})`)
  const inMerged = sql`order by ${byPosition(shape)} limit ${merged}`
  return sql`select * from (
    (select * from (
    ${sql.join(parts, sql.raw('\n    union all\n    '))}
    ) as parts ${inMerged})
    union all
    (select greater.* from generate_series(${leastMagnitude} + ${sql.raw(String(MAGNITUDES.length))}, ${greatestMagnitude}) as digits
    cross join lateral (
      ${runsOf(sql`digits`)}
      limit ${merged}
    ) as greater ${inMerged})
  ) as merged
  order by ${byPosition(shape)}
  ${slice}`
}
