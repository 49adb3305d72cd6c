import { z } from '@hono/zod-openapi'
import type { Hex } from 'viem'
import { formatId } from '../../../core/format.ts'
import { address, addressParameter, asId, hash, id, orNull, runId } from '../http/values.ts'
import type { StoredAction } from '../relay/ledger/storedActions.ts'
import { agentSummarySchema } from './agent.ts'
import { claimRefusals, problemSchema } from './problem.ts'
import { runSchema } from './run.ts'
import { formatState, stateMembers } from './storedState.ts'

const digits = (length: number) => new RegExp(`^(0|[1-9][0-9]{0,${length - 1}})$`)

/** A JSON number if that is exact, or a decimal string. @param length the most digits of the string. */
export const integer = (message: string, length: number) =>
  z.union([z.int(message).nonnegative(message), z.string().regex(digits(length))], message).transform(BigInt)

export const NO_ADDRESS = 'must be 0x and 40 hexadecimal digits'
const NO_SIGNATURE = 'must be 0x and the hexadecimal digits of at least one byte'

export const signatureInBody = z
  .string(NO_SIGNATURE)
  .regex(/^0x([0-9a-fA-F]{2})+$/, NO_SIGNATURE)
  .transform((value) => value.toLowerCase() as Hex)
  .openapi({ type: 'string', description: 'The account’s signature of the message.' })

export const deadlineInBody = integer('must be a time in seconds since 1970', 16).openapi({
  type: ['integer', 'string'],
  description: 'The last second at which the signature is valid.',
})

export const agentIdInBody = asId(
  integer('must be an integer from 0, as a decimal string where it exceeds 2^53 - 1', 78),
)

export const claimBody = z
  .strictObject({
    agentId: agentIdInBody,
    walletAddress: z.string(NO_ADDRESS).pipe(addressParameter),
    signature: z
      .string(NO_SIGNATURE)
      .regex(/^0x([0-9a-fA-F]{2})+$/, NO_SIGNATURE)
      .transform((value) => value as Hex)
      .optional()
      .openapi({ type: 'string', description: 'The wallet’s signature of the message from claim-message.' }),
    deadline: deadlineInBody
      .optional()
      .openapi({ description: 'The deadline in the signed message, in seconds since 1970. With `signature` only.' }),
  })
  .refine(({ signature, deadline }) => signature === undefined || deadline !== undefined, { path: ['deadline'] })
  .refine(({ signature, deadline }) => deadline === undefined || signature !== undefined, { path: ['signature'] })
  .openapi('ClaimRequest', { example: { agentId: 1, walletAddress: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8' } })

/** The order of the members is part of the API. */
export const claimSchema = z
  .object({
    success: z.literal(true),
    run: runSchema,
    agent: agentSummarySchema,
    message: z.string(),
    claimId: hash.openapi({
      description:
        'The id of this agent’s claim of this run in this round. `GET /api/claims/:claimId` returns its state, unless ' +
        'the agent sent the claim to the contract itself.',
    }),
    txHash: hash,
    blockNumber: z.int(),
    finalized: z
      .boolean()
      .openapi({ description: 'Whether the block is final. Until then a reorg may undo the claim.' }),
  })
  .openapi('Claim')

/** A claim that was sent and is not known to be decided. */
export const pendingClaimSchema = z
  .object({
    success: z.literal(false),
    run: orNull(runSchema),
    agent: orNull(agentSummarySchema),
    message: z.string(),
    claimId: hash,
    txHash: hash.nullable(),
    status: z.enum(['signed', 'accepted', 'mined']).openapi({
      description:
        '`signed`: the node has not confirmed that it has the transaction. `accepted`: it has. ' +
        '`mined`: the chain shows the claim, and the index does not yet.',
    }),
  })
  .openapi('PendingClaim')

/** The state of a claim for which a transaction was signed. */
export const claimStateSchema = z
  .object({
    claimId: hash,
    bountyId: runId,
    round: z.int(),
    agentId: id,
    walletAddress: address,
    ...stateMembers,
    problem: orNull(problemSchema(claimRefusals)),
  })
  .openapi('ClaimState')

/** @returns undefined if the action is no claim. */
export function formatClaimState(stored: StoredAction): z.input<typeof claimStateSchema> | undefined {
  const { message } = stored.request
  if (message.action !== 'claim') return undefined
  return {
    claimId: stored.actionId,
    bountyId: Number(message.bountyId),
    round: Number(message.round),
    agentId: formatId(message.agentId),
    walletAddress: message.party,
    ...formatState(stored),
  }
}
