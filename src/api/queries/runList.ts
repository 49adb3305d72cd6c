import type { Address } from 'viem'
import type { runSorts, runStates } from '../../../ponder.schema.ts'

export type RunState = (typeof runStates)[number]

type RunFilter = {
  state?: RunState | undefined
  /** USDC base units, inclusive. */
  minReward?: bigint | undefined
  poster?: Address | undefined
  /** Matches only runs whose terms name an evaluator, not the poster of a run without one. */
  evaluator?: Address | undefined
  claimedBy?: bigint | undefined
  claimable?: boolean | undefined
  /** What is sought among the words of the runs' briefs, as `websearch_to_tsquery` reads it. */
  q?: string | undefined
  /** A tag of the runs' briefs. */
  tag?: string | undefined
}

export type RunOrder = { sort: (typeof runSorts)[number]; order: 'asc' | 'desc' }

/** A filter and a total order of its runs. */
export type RunList = RunFilter & RunOrder

/** Equal lists have equal names. */
export function nameOfList(list: RunList): string {
  const { sort, order, state, minReward, poster, evaluator, claimedBy, claimable } = list
  const name = [sort, order, state, minReward, poster, evaluator, claimedBy, claimable].join(' ')
  return isSearched(list) ? `${name} ${JSON.stringify([list.q, list.tag])}` : name
}

const isSearched = ({ q, tag }: RunFilter): boolean => q !== undefined || tag !== undefined

/** The sort key of a run, which is its position in the list. */
export type RunPosition = { value: bigint; bountyId: bigint }

/** Where a page starts: after a run, or after a number of runs. */
export type RunStart = { after: RunPosition } | { offset: number }

/**
 * What `state` and `claimable` mean together. `expired` runs are OPEN and past their deadline. `unclaimable` runs are
 * expired or not OPEN. `none` is a contradiction: no run matches.
 */
type Standing = 'any' | 'state' | 'claimable' | 'expired' | 'unclaimable' | 'none'

function standingOf({ state, claimable }: RunFilter): Standing {
  if (claimable === undefined) return state ? 'state' : 'any'
  if (claimable) return state === undefined || state === 'OPEN' ? 'claimable' : 'none'
  if (state === undefined) return 'unclaimable'
  return state === 'OPEN' ? 'expired' : 'state'
}

/** The filters that name a party of a run. */
const partyFilters = ['poster', 'evaluator', 'claimedBy'] as const

/** A list's page without the values of its filters. The text of the page's statement depends on nothing else. */
export type Shape = RunOrder & {
  start: 'after' | 'offset'
  standing: Standing
  /** Whether there is a `minReward`. */
  isRewarded: boolean
  parties: readonly (typeof partyFilters)[number][]
  /** Whether there is a `q`, a `tag`, or both. */
  isSearched: boolean
}

export function shapeOf(list: RunList, start: RunStart): Shape {
  return {
    sort: list.sort,
    order: list.order,
    start: 'after' in start ? 'after' : 'offset',
    standing: standingOf(list),
    isRewarded: list.minReward !== undefined,
    parties: partyFilters.filter((party) => list[party] !== undefined),
    isSearched: isSearched(list),
  }
}

/**
 * The name of a shape's statement: other shapes have other names. PostgreSQL truncates names of statements to 63 bytes,
 * and the longest of these has 63.
 */
export function nameOfShape({ sort, order, start, standing, isRewarded, parties, isSearched }: Shape): string {
  const filters = [...(isRewarded ? ['min'] : []), ...parties.map(shortly), ...(isSearched ? ['q'] : [])]
  return ['runs', sort, order, start, standing, ...filters].join(' ')
}

const shortly = (party: Shape['parties'][number]) => ({ poster: 'by', evaluator: 'eval', claimedBy: 'agent' })[party]
