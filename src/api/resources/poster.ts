import { z } from '@hono/zod-openapi'
import type { Address } from 'viem'
import { recordOf, runStates } from '../../../ponder.schema.ts'
import { address, amount } from '../http/values.ts'
import type { PosterRow } from '../queries/posters.ts'

const expired = z.int().openapi({ description: 'How often the escrow of an open run was refunded after its deadline.' })

const meanReviewSeconds = z
  .int()
  .nullable()
  .openapi({ description: 'From a delivery to its decision, on average; null without any.' })

const exampleRecord = { approved: 8, rejected: 1, expired: 0, meanReviewSeconds: 36_000 }

/** The short form of a poster's record, on its runs. */
export const posterRecordSchema = z
  .object({
    approved: z.int(),
    rejected: z.int(),
    expired,
    meanReviewSeconds,
  })
  .openapi('PosterRecord', { example: exampleRecord })

export const posterSchema = z
  .object({
    address,
    runs: z.object(recordOf(runStates, () => z.int())).openapi({
      description: 'How many of its runs are in each state, as all figures without those that others paid.',
    }),
    paidByOthers: z
      .int()
      .openapi({ description: 'How many runs other accounts posted and paid in its name. They say nothing about it.' }),
    approved: z.int(),
    rejected: z.int(),
    expired,
    paid: amount.openapi({ description: 'The rewards of its approved runs, in USDC base units.' }),
    burned: amount.openapi({ description: 'The stake that rejections of its runs have burned, in USDC base units.' }),
    reviews: z
      .int()
      .openapi({ description: 'How many deliveries were decided: approved, also by timeout, rejected or sent back.' }),
    meanReviewSeconds,
    longestReviewSeconds: z.int().nullable().openapi({ description: 'The longest of these; null without any.' }),
  })
  .openapi('Poster', {
    example: {
      address: '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266',
      runs: { ...recordOf(runStates, () => 0), OPEN: 2, APPROVED: 8, REJECTED: 1 },
      paidByOthers: 0,
      ...exampleRecord,
      paid: '800000000',
      burned: '10000000',
      reviews: 11,
      longestReviewSeconds: 172_800,
    },
  })

export type Poster = z.infer<typeof posterSchema>

const meanOf = ({ reviews, reviewSeconds }: PosterRow) =>
  reviews > 0 ? Math.round(Number(reviewSeconds) / reviews) : null

/** The short form of a poster's record. */
export const formatRecord = (row: PosterRow): z.infer<typeof posterRecordSchema> => ({
  approved: row.runs.APPROVED,
  rejected: row.runs.REJECTED,
  expired: row.expired,
  meanReviewSeconds: meanOf(row),
})

export function formatPoster(poster: Address, row: PosterRow): z.input<typeof posterSchema> {
  const { runs, paidByOthers, paid, burned, expired, reviews, longestReview } = row
  return {
    address: poster,
    runs,
    paidByOthers,
    approved: runs.APPROVED,
    rejected: runs.REJECTED,
    expired,
    paid: String(paid),
    burned: String(burned),
    reviews,
    meanReviewSeconds: meanOf(row),
    longestReviewSeconds: reviews > 0 ? Number(longestReview) : null,
  }
}
