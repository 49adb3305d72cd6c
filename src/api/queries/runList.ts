import { asc, desc, type SQL } from 'drizzle-orm'
import { run } from '../../../ponder.schema.ts'
import type { RunFilter } from './runFilter.ts'

export type RunOrder = { sort: 'createdAt' | 'reward' | 'deadline'; order: 'asc' | 'desc' }

/** What a list is of. Rows have one order in it. */
export type RunList = RunFilter & RunOrder

/** Two lists of one name are the same. */
export function nameOfList({
  sort,
  order,
  state,
  minReward,
  poster,
  evaluator,
  claimedBy,
  claimable,
}: RunList): string {
  return [sort, order, state, minReward, poster, evaluator, claimedBy, claimable].join(' ')
}

/** Ids count up, so that they are in the order of `createdAt`. */
export function inOrder({ sort, order }: RunOrder): SQL[] {
  const direction = order === 'asc' ? asc : desc
  return sort === 'createdAt' ? [direction(run.bountyId)] : [direction(run[sort]), direction(run.bountyId)]
}

/** What the list is ordered by first. */
export function sortKeyOf({ sort }: RunOrder) {
  return sort === 'createdAt' ? run.bountyId : run[sort]
}
