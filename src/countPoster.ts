import type { Context } from 'ponder:registry'
import { posterRecord, type run } from 'ponder:schema'
import type { Counted } from './countRun.ts'

type Run = typeof run.$inferSelect

/** Adds to the record of the run's poster what a change of the run's state says about it. */
export async function countPoster({ db }: Context, timestamp: bigint, after: Run, before: Counted) {
  const { posterAddress: address, state: to, submittedAt } = after
  const isReview = before.state === 'SUBMITTED' && submittedAt !== null
  const isExpiry = before.state === 'OPEN' && to === 'DRAFT' && timestamp > after.deadline
  const isEnd = to === 'APPROVED' || to === 'REJECTED'
  if (!isReview && !isExpiry && !isEnd) return
  const seconds = isReview ? timestamp - submittedAt : 0n
  const change = {
    paid: to === 'APPROVED' ? after.reward : 0n,
    burned: to === 'REJECTED' ? (after.stake ?? 0n) : 0n,
    expired: isExpiry ? 1 : 0,
    reviews: isReview ? 1 : 0,
    reviewSeconds: seconds,
  }
  // Row exists if a change of another run, or an earlier one of this run, counted for the poster.
  await db
    .insert(posterRecord)
    .values({ address, ...change, longestReview: seconds })
    .onConflictDoUpdate((record) => ({
      paid: record.paid + change.paid,
      burned: record.burned + change.burned,
      expired: record.expired + change.expired,
      reviews: record.reviews + change.reviews,
      reviewSeconds: record.reviewSeconds + change.reviewSeconds,
      longestReview: seconds > record.longestReview ? seconds : record.longestReview,
    }))
}
