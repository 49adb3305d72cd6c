import type { Address } from 'viem'
import type { runSorts, runStates } from '../../../ponder.schema.ts'
import type { Search } from './searches.ts'

export type RunState = (typeof runStates)[number]

/** A filter and a total order of its runs. */
export type RunList = Search & {
  state?: RunState | undefined
  /** USDC base units, inclusive. */
  minReward?: bigint | undefined
  poster?: Address | undefined
  /** Matches only runs whose terms name an evaluator, not the poster of a run without one. */
  evaluator?: Address | undefined
  claimedBy?: bigint | undefined
  /** Matches runs that only this wallet may claim; `none`, those that any wallet may. */
  claimant?: Address | 'none' | undefined
  claimable?: boolean | undefined
  sort: (typeof runSorts)[number]
  order: 'asc' | 'desc'
}

/** Equal lists have equal names. */
export function nameOfList({ sort, order, q, tag, ...filters }: RunList): string {
  const { state, minReward, poster, evaluator, claimedBy, claimant, claimable } = filters
  const name = [sort, order, state, minReward, poster, evaluator, claimedBy, claimant, claimable].join(' ')
  return q === undefined && tag === undefined ? name : `${name} ${JSON.stringify([q, tag])}`
}

/** The sort key of a run, which is its position in the list. */
export type RunPosition = { value: bigint; bountyId: bigint }

/** Where a page starts: after a run, or after a number of runs. */
export type RunStart = { after: RunPosition } | { offset: number }
