import { z } from '@hono/zod-openapi'
import { address, hash, id, orNull, runId } from '../http/values.ts'
import type { StoredAction } from '../relay/ledger/storedActions.ts'
import { formatActionState, stateMembers } from './action.ts'
import { agentSummarySchema } from './agent.ts'
import { account, agentIdInBody, deadlineInBody, signatureInBody } from './bodies.ts'
import { claimRefusals, problemSchema } from './problem.ts'
import { runSchema } from './run.ts'

export const claimBody = z
  .strictObject({
    agentId: agentIdInBody,
    walletAddress: account,
    signature: signatureInBody
      .optional()
      .openapi({ description: 'The wallet’s signature of the message from claim-message.' }),
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
  const { actionId, action, bountyId, round, signer, agentId, ...state } = formatActionState(stored)
  if (action !== 'claim' || bountyId === null || round === null || agentId === null) return undefined
  return { claimId: actionId, bountyId, round, agentId, walletAddress: signer, ...state }
}
