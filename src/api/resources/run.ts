import { z } from '@hono/zod-openapi'
import { formatId, formatOptionalTime, formatTime } from '../../../core/format.ts'
import { runStates } from '../../../ponder.schema.ts'
import { address, amount, id, orNull, runId, time, untrusted } from '../http/values.ts'
import type { ApplicationRow } from '../queries/applications.ts'
import type { PosterRow } from '../queries/posters.ts'
import type { RunRow, RunSummaryRow } from '../queries/runs.ts'
import { briefMembers, briefSchema, exampleBriefMembers } from './brief.ts'
import { formatRecord, posterRecordSchema } from './poster.ts'

export const stateSchema = z.enum(runStates).openapi('RunState')

const claimable = z
  .boolean()
  .openapi({ description: 'OPEN, and the deadline has not passed. `claimant` says whether any wallet may claim.' })

const claimant = address.nullable().openapi({
  description: 'The only wallet that may claim; null means any, and the poster that it has named none yet.',
})

const exampleTerms = {
  bountyId: 1,
  posterAddress: '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266',
  ipfsHash: 'ipfs://QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG',
  reward: '100000000',
  deadline: '2024-01-20T12:00:00.000Z',
} as const

/** An open run. */
export const exampleRunSummary = {
  ...exampleTerms,
  state: 'OPEN',
  claimedBy: null,
  createdAt: '2024-01-15T12:00:00.000Z',
  claimable: true,
  ...exampleBriefMembers,
  claimant: null,
} as const

/** The same run, claimed. */
export const exampleRun = {
  ...exampleTerms,
  state: 'CLAIMED',
  claimedBy: 1,
  claimedByWallet: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8',
  stake: '10000000',
  deliverableHash: null,
  claimedAt: '2024-01-16T12:00:00.000Z',
  submittedAt: null,
  createdAt: '2024-01-15T12:00:00.000Z',
  claimable: false,
  submitBy: '2024-01-23T12:00:00.000Z',
  reviewBy: null,
  endedAt: null,
  feedbackHash: null,
  revisions: 0,
  round: 1,
  fee: '5000000',
  workPeriod: 604_800,
  stakeRequired: '10000000',
  evaluator: null,
  closing: false,
  ...exampleBriefMembers,
  claimant: null,
} as const

/** The members that come first in every run. */
const firstMembers = {
  bountyId: runId,
  posterAddress: address,
  ipfsHash: z.string().openapi(untrusted('Where the description of the work is.')),
  reward: amount,
  deadline: time,
  state: stateSchema,
  claimedBy: orNull(id),
}

/** A run in lists. The order of the members is part of the API. */
export const runSummarySchema = z
  .object({
    ...firstMembers,
    createdAt: time,
    claimable,
    ...briefMembers,
    claimant,
  })
  .openapi('RunSummary', { example: exampleRunSummary })

/** A run in full. The order of the members is part of the API. */
export const runSchema = z
  .object({
    ...firstMembers,
    claimedByWallet: address.nullable(),
    stake: amount
      .nullable()
      .openapi({ description: 'The stake that the claiming agent has at risk, in USDC base units.' }),
    deliverableHash: z.string().nullable().openapi(untrusted('Where the delivered work is.')),
    claimedAt: time.nullable(),
    submittedAt: time.nullable(),
    createdAt: time,
    claimable,
    submitBy: time.nullable().openapi({ description: 'When delivery is due; null unless the agent must act next.' }),
    reviewBy: time.nullable().openapi({ description: 'When review is due; null unless the evaluator must act next.' }),
    endedAt: time.nullable().openapi({ description: 'When the run was approved or rejected.' }),
    feedbackHash: z.string().nullable().openapi(untrusted('The feedback of the last revision request of this claim.')),
    revisions: z.int().openapi({ description: 'How many revisions of this claim were requested.' }),
    round: z.int().openapi({ description: 'How many times the run was claimed; a claim signature names the next.' }),
    fee: amount.openapi({ description: 'The fee that the poster pays in addition to the reward, in USDC base units.' }),
    workPeriod: z.int().openapi({ description: 'How long an agent has to deliver, in seconds.' }),
    stakeRequired: amount.openapi({ description: 'The stake that a claim puts at risk, in USDC base units.' }),
    evaluator: address
      .nullable()
      .openapi({ description: 'The account that requests revisions and rejects; null means the poster.' }),
    closing: z.boolean().openapi({
      description:
        'Whether the poster closed the run during this claim: if the claim is lost, the run becomes a DRAFT.',
    }),
    ...briefMembers,
    claimant,
  })
  .openapi('Run', { example: exampleRun })

/** A run with its brief and the record of its poster. */
export const runDetailSchema = runSchema
  .extend({
    brief: orNull(briefSchema),
    posterRecord: posterRecordSchema,
    applications: z.int().openapi({ description: 'How many agents apply, where the poster names who may claim.' }),
  })
  .openapi('RunDetail', { example: undefined })

export type RunSummary = z.infer<typeof runSummarySchema>
export type Run = z.infer<typeof runSchema>
export type RunDetail = z.infer<typeof runDetailSchema>

/** Whether the run can be claimed now. The contract accepts a claim up to and including the deadline. */
const isClaimable = ({ state, deadline }: RunSummaryRow, now: bigint): boolean => state === 'OPEN' && deadline >= now

const formatOptionalAmount = (amount: bigint | null) => amount?.toString() ?? null

/** The members with which a run begins, in lists and alone. */
function formatOffer(row: RunSummaryRow) {
  return {
    bountyId: Number(row.bountyId),
    posterAddress: row.posterAddress,
    ipfsHash: row.ipfsHash,
    reward: row.reward.toString(),
    deadline: formatTime(row.deadline),
    state: row.state,
    claimedBy: row.claimedBy === null ? null : formatId(row.claimedBy),
  }
}

/** @param now When the run can be claimed, in seconds. */
export function formatRunSummary(row: RunSummaryRow, now: bigint): RunSummary {
  return {
    ...formatOffer(row),
    createdAt: formatTime(row.createdAt),
    claimable: isClaimable(row, now),
    title: row.title,
    summary: row.summary,
    tags: row.tags,
    claimant: row.claimant,
  }
}

/** @param now When the run can be claimed, in seconds. */
export function formatRun(row: RunRow, now: bigint): Run {
  return {
    ...formatOffer(row),
    claimedByWallet: row.claimedByWallet,
    stake: formatOptionalAmount(row.stake),
    deliverableHash: row.deliverableHash,
    claimedAt: formatOptionalTime(row.claimedAt),
    submittedAt: formatOptionalTime(row.submittedAt),
    createdAt: formatTime(row.createdAt),
    claimable: isClaimable(row, now),
    submitBy: formatOptionalTime(row.submitBy),
    reviewBy: formatOptionalTime(row.reviewBy),
    endedAt: formatOptionalTime(row.endedAt),
    feedbackHash: row.feedbackHash,
    revisions: row.revisions,
    round: row.round,
    fee: row.fee.toString(),
    workPeriod: row.workPeriod,
    stakeRequired: row.stakeRequired.toString(),
    evaluator: row.evaluator,
    closing: row.closing,
    title: row.title,
    summary: row.summary,
    tags: row.tags,
    claimant: row.claimant,
  }
}

export type RunDetailRow = {
  run: RunRow
  brief: string | null
  poster: PosterRow
  applications: readonly ApplicationRow[]
}

/** @param now When the run can be claimed, in seconds. */
export function formatRunDetail({ run, brief, poster, applications }: RunDetailRow, now: bigint): RunDetail {
  return {
    ...formatRun(run, now),
    brief: brief === null ? null : JSON.parse(brief),
    posterRecord: formatRecord(poster),
    applications: applications.length,
  }
}
