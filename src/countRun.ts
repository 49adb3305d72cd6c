import type { Context } from 'ponder:registry'
import { dayOf, marketDay, poster, recordOf, type run, runStates } from 'ponder:schema'
import { isAddressEqual } from 'viem'

type Run = typeof run.$inferSelect
type State = (typeof runStates)[number]

/** The columns that counts depend on and changes may change. */
export type Counted = Pick<Run, 'state' | 'stake' | 'payer'>

const noRuns = recordOf(runStates, () => 0)

/** States in which the market holds reward and fee. */
const escrowing: ReadonlySet<State> = new Set(['OPEN', 'CLAIMED', 'IN_PROGRESS', 'SUBMITTED', 'REVISION_REQUESTED'])

/** States in which the agent's stake is locked. */
const locking: ReadonlySet<State> = new Set(['CLAIMED', 'IN_PROGRESS', 'SUBMITTED', 'REVISION_REQUESTED'])

/** Counts a run by its state now, and no longer by its state before: in the market's day, and of its poster. */
export async function countRun(context: Context, timestamp: bigint, after: Run, before: Counted | undefined) {
  await countDay(context, timestamp, after, before)
  await countPoster(context, timestamp, after, before)
}

/** The changed counts of a row: a run or an agent leaves the count of one key, and enters that of another. */
export function moveCounts<Key extends string>(
  counts: Record<Key, number>,
  from: Key | null | undefined,
  to: Key | null | undefined,
) {
  const changed: Partial<Record<Key, number>> = {}
  if (from) changed[from] = counts[from] - 1
  if (to) changed[to] = (changed[to] ?? counts[to]) + 1
  return changed
}

/** Adds what a change of the run's state changes in the market's figures to its day. */
async function countDay({ db }: Context, timestamp: bigint, after: Run, before: Counted | undefined) {
  const { state: to, reward, fee } = after
  const isClaim = to === 'CLAIMED'
  const change = {
    escrowed: (escrowing.has(to) ? reward + fee : 0n) - (before && escrowing.has(before.state) ? reward + fee : 0n),
    locked: lockedBy(after) - (before ? lockedBy(before) : 0n),
    paid: to === 'APPROVED' ? reward : 0n,
    claims: isClaim ? 1 : 0,
    claimSeconds: isClaim && after.openedAt !== null ? timestamp - after.openedAt : 0n,
  }
  // Row exists if a run or an agent changed on that day before.
  await db
    .insert(marketDay)
    .values({ day: dayOf(timestamp), ...change, ...moveCounts(noRuns, before?.state, to) })
    .onConflictDoUpdate((day) => ({
      escrowed: day.escrowed + change.escrowed,
      locked: day.locked + change.locked,
      paid: day.paid + change.paid,
      claims: day.claims + change.claims,
      claimSeconds: day.claimSeconds + change.claimSeconds,
      ...moveCounts(day, before?.state, to),
    }))
}

function lockedBy({ state, stake }: Counted): bigint {
  return locking.has(state) ? (stake ?? 0n) : 0n
}

/**
 * Adds what a change of the run's state says about its poster. A run that another account paid says nothing: it is only
 * counted.
 */
async function countPoster({ db, contracts }: Context, timestamp: bigint, after: Run, before: Counted | undefined) {
  const { posterAddress: address, state, submittedAt } = after
  const isOwn = ({ payer }: Counted) =>
    payer === null || isAddressEqual(payer, address) || isAddressEqual(payer, contracts.SignedFunding.address)
  const from = before && isOwn(before) ? before.state : undefined
  const to = isOwn(after) ? state : undefined
  const isReview = from === 'SUBMITTED' && submittedAt !== null
  const seconds = isReview ? timestamp - submittedAt : 0n
  const change = {
    paidByOthers: Number(to === undefined) - Number(before !== undefined && from === undefined),
    paid: to === 'APPROVED' ? after.reward : 0n,
    burned: to === 'REJECTED' ? (after.stake ?? 0n) : 0n,
    expired: from === 'OPEN' && to === 'DRAFT' && timestamp > after.deadline ? 1 : 0,
    reviews: isReview ? 1 : 0,
    reviewSeconds: seconds,
  }
  // Row exists if a run was posted in the account's name before.
  await db
    .insert(poster)
    .values({ address, ...change, longestReview: seconds, ...moveCounts(noRuns, from, to) })
    .onConflictDoUpdate((record) => ({
      paidByOthers: record.paidByOthers + change.paidByOthers,
      paid: record.paid + change.paid,
      burned: record.burned + change.burned,
      expired: record.expired + change.expired,
      reviews: record.reviews + change.reviews,
      reviewSeconds: record.reviewSeconds + change.reviewSeconds,
      longestReview: seconds > record.longestReview ? seconds : record.longestReview,
      ...moveCounts(record, from, to),
    }))
}
