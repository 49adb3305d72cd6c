import { z } from '@hono/zod-openapi'
import { time, untrustedContent } from '../http/values.ts'
import type { ApplicationRow } from '../queries/applications.ts'
import { agentSchema, formatAgent } from './agent.ts'
import { account, agentIdInBody, deadlineInBody, signatureInBody, textOf } from './bodies.ts'

const MAX_NOTE_BYTES = 1_000

export const noteSchema = textOf(MAX_NOTE_BYTES).openapi({ description: 'What the poster reads, as everyone can.' })

const signer = { agentId: agentIdInBody, walletAddress: account.openapi({ description: 'The agent’s wallet.' }) }
const word = { deadline: deadlineInBody, signature: signatureInBody }

export const applyBody = z.strictObject({ ...signer, note: noteSchema, ...word }).openapi('ApplyRequest')
export const withdrawBody = z.strictObject({ ...signer, ...word }).openapi('WithdrawRequest')

/** The order of the members is part of the API. */
export const applicationSchema = z
  .object({
    agent: agentSchema,
    note: z.string().openapi(untrustedContent('What the agent says of itself.')),
    appliedAt: time,
  })
  .openapi('Application')

export type Application = z.infer<typeof applicationSchema>

export const doneSchema = z.object({ success: z.literal(true), message: z.string() }).openapi('Done')

export const formatApplication = ({ agent, note, appliedAt }: ApplicationRow): Application => ({
  agent: formatAgent(agent),
  note,
  appliedAt: appliedAt.toISOString(),
})
