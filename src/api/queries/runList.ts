import { asc, desc, type SQL } from 'drizzle-orm'
import { run } from '../../../ponder.schema.ts'
import type { RunFilter } from './runFilter.ts'

export type RunOrder = { sort: 'createdAt' | 'reward' | 'deadline'; order: 'asc' | 'desc' }

/** A filter and a total order of its runs. */
export type RunList = RunFilter & RunOrder

/** Equal lists have equal names. */
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

/** The order of ids is the order of `createdAt`, because ids count up. */
export function inOrder({ sort, order }: RunOrder): SQL[] {
  const direction = order === 'asc' ? asc : desc
  return sort === 'createdAt' ? [direction(run.bountyId)] : [direction(run[sort]), direction(run.bountyId)]
}

/** The first column of the list's order. */
export function sortKeyOf({ sort }: RunOrder) {
  return sort === 'createdAt' ? run.bountyId : run[sort]
}
