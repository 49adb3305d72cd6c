import { and, eq, gte, lt, type SQL, sql } from 'drizzle-orm'
import type { Address } from 'viem'
import { run, type runStates } from '../../../ponder.schema.ts'
import { now } from './snapshot.ts'

export type RunState = (typeof runStates)[number]

export type RunFilter = {
  state?: RunState | undefined
  /** USDC base units, inclusive. */
  minReward?: bigint | undefined
  poster?: Address | undefined
  /** Named in the terms: not the poster of a run without an evaluator of its own. */
  evaluator?: Address | undefined
  claimedBy?: bigint | undefined
  claimable?: boolean | undefined
}

/**
 * What `state` and `claimable` ask for together. `expired` is OPEN and past the deadline, `unclaimable` that or not
 * OPEN, `none` what cannot be.
 */
export type Standing = 'any' | 'state' | 'claimable' | 'expired' | 'unclaimable' | 'none'

export function standingOf({ state, claimable }: RunFilter): Standing {
  if (claimable === undefined) return state ? 'state' : 'any'
  if (claimable) return state === undefined || state === 'OPEN' ? 'claimable' : 'none'
  if (state === undefined) return 'unclaimable'
  return state === 'OPEN' ? 'expired' : 'state'
}

/** Whether a claim would be in time: the contract accepts one up to and including the deadline. */
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

/** Rewarded, yet not in a band that is rewarded as a whole. */
export const isBetweenBands = and(isRewarded, lt(run.reward, sql.placeholder('wholeBand')))

/** The condition of a list. Which filters are there decides its text, what they ask for its placeholders' values. */
export function matching(filter: RunFilter): SQL | undefined {
  return and(
    inStanding[standingOf(filter)],
    filter.minReward === undefined ? undefined : isRewarded,
    filter.poster && eq(run.posterAddress, sql.placeholder('poster')),
    filter.evaluator && eq(run.evaluator, sql.placeholder('evaluator')),
    filter.claimedBy === undefined ? undefined : eq(run.claimedBy, sql.placeholder('claimedBy')),
  )
}

/** The same for filters whose lists have the same text. Short, because PostgreSQL's names of statements end at 63 bytes. */
export function shapeOf(filter: RunFilter): string {
  const { minReward, poster, evaluator, claimedBy } = filter
  const present = Object.entries({ min: minReward, by: poster, eval: evaluator, agent: claimedBy }).filter(
    ([, value]) => value !== undefined,
  )
  return [standingOf(filter), ...present.map(([name]) => name)].join(' ')
}
