import { and, asc, desc, eq, gte, lt, type SQL, sql } from 'drizzle-orm'
import type { Address } from 'viem'
import { run, type runSorts, type runStates } from '../../../ponder.schema.ts'
import { now } from './snapshot.ts'

export type RunState = (typeof runStates)[number]

export type RunFilter = {
  state?: RunState | undefined
  /** USDC base units, inclusive. */
  minReward?: bigint | undefined
  poster?: Address | undefined
  /** Matches only runs whose terms name an evaluator, not the poster of a run without one. */
  evaluator?: Address | undefined
  claimedBy?: bigint | undefined
  claimable?: boolean | undefined
}

export type RunOrder = { sort: (typeof runSorts)[number]; order: 'asc' | 'desc' }

/** A filter and a total order of its runs. */
export type RunList = RunFilter & RunOrder

/**
 * What `state` and `claimable` mean together. `expired` runs are OPEN and past their deadline. `unclaimable` runs are
 * expired or not OPEN. `none` is a contradiction: no run matches.
 */
export type Standing = 'any' | 'state' | 'claimable' | 'expired' | 'unclaimable' | 'none'

export function standingOf({ state, claimable }: RunFilter): Standing {
  if (claimable === undefined) return state ? 'state' : 'any'
  if (claimable) return state === undefined || state === 'OPEN' ? 'claimable' : 'none'
  if (state === undefined) return 'unclaimable'
  return state === 'OPEN' ? 'expired' : 'state'
}

/** Whether the run can be claimed now. The contract accepts a claim up to and including the deadline. */
export const claimable = sql<boolean>`(${run.state} = 'OPEN' and ${run.deadline} >= ${now})`

export const expired = sql`${run.state} = 'OPEN' and ${run.deadline} < ${now}`

export const inStanding: Record<Standing, SQL | undefined> = {
  any: undefined,
  state: eq(run.state, sql.placeholder('state')),
  claimable: sql`${run.state} = 'OPEN' and ${run.deadline} >= ${now}`,
  expired,
  unclaimable: sql`(${run.state} <> 'OPEN' or ${run.deadline} < ${now})`,
  none: sql`false`,
}

const isRewarded = gte(run.reward, sql.placeholder('minReward'))

/** The runs between `minReward` and the nearer edge of its band. See `bandsAt`. */
export const isInSplit = and(
  gte(run.reward, sql.placeholder('splitFrom')),
  lt(run.reward, sql.placeholder('splitBefore')),
)

/** The condition of a list. Its text depends on which filters are present; their values are placeholders. */
export function matching(filter: RunFilter): SQL | undefined {
  return and(
    inStanding[standingOf(filter)],
    filter.minReward === undefined ? undefined : isRewarded,
    filter.poster && eq(run.posterAddress, sql.placeholder('poster')),
    filter.evaluator && eq(run.evaluator, sql.placeholder('evaluator')),
    filter.claimedBy === undefined ? undefined : eq(run.claimedBy, sql.placeholder('claimedBy')),
  )
}

/** Names the text of `matching`. Short, because PostgreSQL truncates names of statements to 63 bytes. */
export function shapeOf(filter: RunFilter): string {
  const { minReward, poster, evaluator, claimedBy } = filter
  const present = Object.entries({ min: minReward, by: poster, eval: evaluator, agent: claimedBy }).filter(
    ([, value]) => value !== undefined,
  )
  return [standingOf(filter), ...present.map(([name]) => name)].join(' ')
}

/** Equal lists have equal names. */
export function nameOfList(list: RunList): string {
  const { sort, order, state, minReward, poster, evaluator, claimedBy, claimable } = list
  return [sort, order, state, minReward, poster, evaluator, claimedBy, claimable].join(' ')
}

/** The order of ids is the order of `createdAt`, because ids count up. */
export function inOrder({ sort, order }: RunOrder): SQL[] {
  const direction = order === 'asc' ? asc : desc
  return sort === 'createdAt' ? [direction(run.bountyId)] : [direction(run[sort]), direction(run.bountyId)]
}

/** The first column of the list's order. */
export function sortKeyOf({ sort }: RunOrder) {
  return sort === 'createdAt' ? run.bountyId : run[sort]
}
