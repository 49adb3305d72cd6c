import { and, type SQL, sql } from 'drizzle-orm'
import type { RunOrder, Shape } from './runList.ts'
import { now } from './snapshot.ts'

/** The conditions and orders of lists of runs, in SQL. */

const placeholder = sql.placeholder
export const limit = sql`${placeholder('limit')}::int4`
export const offset = sql`${placeholder('offset')}::int8`

export type Filter = Pick<Shape, 'standing' | 'isRewarded' | 'parties'>

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

export function matching({ standing, isRewarded, parties }: Filter): SQL | undefined {
  const isRewardedEnough = isRewarded ? sql`reward >= ${placeholder('minReward')}` : undefined
  return and(...parties.map((party) => ofParty[party]), inStanding[standing], isRewardedEnough)
}

/** Whether the list has all runs, or all that a search finds, in the order of ids. */
export const isOfIds = ({ sort, standing, isRewarded, parties }: RunOrder & Filter): boolean =>
  sort === 'createdAt' && standing === 'any' && !isRewarded && parties.length === 0

/** Whether a run follows the page's position; undefined if the page begins at an offset. */
export function isAfter({ sort, order, start }: Shape): SQL | undefined {
  if (start !== 'after') return undefined
  const position = { value: sql`${placeholder('afterValue')}::int8`, id: sql`${placeholder('afterId')}::int8` }
  return comparePosition(sort, order === 'asc' ? '>' : '<', position)
}

/** Whether a run is the one in `start`, or follows it. */
export function isFromStart({ sort, order }: RunOrder): SQL {
  const position = { value: sql`(select value from start)`, id: sql`(select bounty_id from start)` }
  return comparePosition(sort, order === 'asc' ? '>=' : '<=', position)
}

function comparePosition(sort: RunOrder['sort'], operator: string, { value, id }: { value: SQL; id: SQL }): SQL {
  const compare = sql.raw(operator)
  return sort === 'createdAt'
    ? sql`bounty_id ${compare} ${id}`
    : sql`(${sql.raw(sort)}, bounty_id) ${compare} (${value}, ${id})`
}

/** The same of rows that have the first sort key as `value`. */
export function isAfterPosition({ order }: RunOrder): SQL {
  const compare = sql.raw(order === 'asc' ? '>' : '<')
  return sql`(value, bounty_id) ${compare} (${placeholder('afterValue')}::int8, ${placeholder('afterId')}::int8)`
}

/** The list's first sort key. Ids count up in the order of creation. */
export const keyOf = ({ sort }: RunOrder) => sql.raw(sort === 'createdAt' ? 'bounty_id' : sort)

/** The list's order of runs. */
export const inOrder = ({ sort, order }: RunOrder) =>
  sql.raw(sort === 'createdAt' ? `bounty_id ${order}` : `${sort} ${order}, bounty_id ${order}`)

/** The same of rows that have the first sort key as `value`. */
export const byPosition = ({ sort, order }: RunOrder) =>
  sql.raw(sort === 'createdAt' ? `bounty_id ${order}` : `value ${order}, bounty_id ${order}`)

/**
 * How many of the list's runs its page needs, with the one that follows it.
 * @param most the number of runs that the list has at most. A page that begins after them needs none.
 */
export const neededOf = ({ start }: Shape, most: SQL) =>
  start === 'after'
    ? sql`${limit} + 1`
    : sql`case when ${most} > ${offset} then least(${offset} + ${limit} + 1, ${most}) else 0 end`
