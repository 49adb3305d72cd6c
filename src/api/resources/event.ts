import { z } from '@hono/zod-openapi'
import { getAddress } from 'viem'
import { formatId, formatOptionalTime, formatTime } from '../../../core/format.ts'
import { rejections, runEventNames } from '../../../ponder.schema.ts'
import { address, amount, hash, id, orNull, time, untrusted } from '../http/values.ts'
import type { EventRow } from '../queries/events.ts'

const exampleEvent = {
  name: 'BountyClaimed',
  agentId: 1,
  address: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8',
  amount: '10000000',
  hash: null,
  reason: null,
  dueAt: '2024-01-23T12:00:00.000Z',
  ordinal: 1,
  round: 1,
  by: null,
  byTimeout: null,
  rejection: null,
  timestamp: '2024-01-16T12:00:00.000Z',
  blockNumber: 1234,
  blockHash: `0x${'4e'.repeat(32)}`,
  logIndex: 3,
  transactionHash: `0x${'9a'.repeat(32)}`,
} as const

/** An event of a run. Members that the event does not have are null. */
export const eventSchema = z
  .object({
    name: z.enum(runEventNames).openapi({ description: 'The Solidity name of the event.' }),
    agentId: orNull(id),
    address: address.nullable().openapi({
      description:
        'The account that the event names, else the account that acted; of a payment, the payee. Null for any claimant.',
    }),
    amount: amount.nullable(),
    hash: z.string().nullable().openapi(untrusted('The IPFS hash of the run, the deliverable or the feedback.')),
    reason: z.string().nullable().openapi({ description: 'Revert data of a refused claim.' }),
    dueAt: time.nullable().openapi({ description: 'The time limit that the event sets.' }),
    ordinal: z
      .int()
      .nullable()
      .openapi({ description: 'The number of the claim or the claimant of the run, or of the revision of the claim.' }),
    round: z
      .int()
      .nullable()
      .openapi({ description: 'The number of the claim of the run that the event names, from 1.' }),
    by: address.nullable().openapi({
      description: 'Of a funding, the account that paid; of an approval, the party that approved, null if none did.',
    }),
    byTimeout: z
      .boolean()
      .nullable()
      .openapi({ description: 'Whether the run was approved because the review period ended.' }),
    rejection: z
      .enum(rejections)
      .nullable()
      .openapi({ description: 'Why the run was rejected: by its evaluator, for lack of a revision, or by its agent.' }),
    timestamp: time,
    blockNumber: z.int(),
    blockHash: hash,
    logIndex: z.int(),
    transactionHash: hash,
  })
  .openapi('RunEvent', { example: exampleEvent })

export type RunEvent = z.infer<typeof eventSchema>

export function formatEvent(event: EventRow): RunEvent {
  return {
    name: event.name,
    agentId: event.agentId === null ? null : formatId(event.agentId),
    address: event.address && getAddress(event.address),
    amount: event.amount === null ? null : event.amount.toString(),
    hash: event.hash,
    reason: event.reason,
    dueAt: formatOptionalTime(event.dueAt),
    ordinal: event.ordinal,
    round: event.round,
    by: event.by && getAddress(event.by),
    byTimeout: event.name === 'BountyApproved' ? event.by === null : null,
    rejection: event.rejection,
    timestamp: formatTime(event.timestamp),
    blockNumber: Number(event.blockNumber),
    blockHash: event.blockHash,
    logIndex: event.logIndex,
    transactionHash: event.transactionHash,
  }
}
