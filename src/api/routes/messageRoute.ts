import { createRoute, z } from '@hono/zod-openapi'
import { DEFAULT_VALIDITY_SECONDS, MAX_VALIDITY_SECONDS } from '../../../core/market/claimMessage.ts'
import { Problem, type ProblemCode, problemTypes } from '../http/errors.ts'
import { addressParameter, idParameter } from '../http/values.ts'
import { type BodyMembers, messageSchema } from '../resources/messages.ts'
import { minBlock } from './indexed.ts'
import { blockHeaders, problemResponses } from './responses.ts'

export const secondParameter = z
  .string('must be given once')
  .regex(/^[1-9][0-9]{0,14}$/, 'must be a time in seconds since 1970')
  .transform(BigInt)

/** The parameter of the end of a signature's validity. */
export const deadlineParameter = secondParameter.optional().openapi({
  type: 'integer',
  description: 'Last second at which the signature is valid, at most an hour ahead. 15 minutes ahead if absent.',
})

/** What names the run, the agent and its wallet in messages to claim and to apply, and the members of their bodies. */
export const agentQuery = { runId: idParameter, agentId: idParameter, walletAddress: addressParameter }
export const agentMembers = { agentId: 'Id', walletAddress: 'string' } as const

/** Those of the codes for which there is no message: the index shows that the action would be refused, whatever is signed. */
export const unsigned = <Code extends ProblemCode>(codes: readonly Code[]): Code[] =>
  codes.filter((code) => problemTypes[code].status !== 401 && code !== 'WRONG_NONCE')

/**
 * The route of an action's message.
 * @param members those of the body to send.
 * @param query its parameters beside those of all messages.
 * @param codes its problems beside those of the parameters.
 * @param method of the request that sends it.
 */
export const messageRoute = <Name extends string, Query extends z.ZodRawShape, const Code extends ProblemCode>(
  name: Name,
  members: BodyMembers,
  query: Query,
  codes: readonly Code[],
  method: 'POST' | 'DELETE' = 'POST',
) =>
  createRoute({
    method: 'get',
    path: `/api/messages/${name}`,
    operationId: `${name.replace('-c', 'C')}Message`,
    tags: ['Actions'],
    summary: `What to sign for ${name}`,
    description: `Sign \`typedData\`, add \`signature\` to \`body\`, ${method} to \`path\`.`,
    request: { query: z.strictObject({ ...query, minBlock }) },
    responses: {
      200: {
        description: 'What to sign.',
        headers: blockHeaders(true),
        content: { 'application/json': { schema: messageSchema(name, members) } },
      },
      ...problemResponses(['VALIDATION_FAILED', ...codes]),
    },
  })

/** @property longest how far ahead the end may be, in seconds; null if the market accepts any. `note` says so to a person. */
type Limit = { field?: 'deadline' | 'validBefore'; longest?: bigint | null; note?: string }

/**
 * The end of a signature's validity, in seconds.
 * @throws Problem VALIDATION_FAILED
 */
export function endOfValidity(
  requested: bigint | undefined,
  now: bigint,
  { field = 'deadline', longest = MAX_VALIDITY_SECONDS, note = ', an hour ahead' }: Limit = {},
): bigint {
  const usual = now + DEFAULT_VALIDITY_SECONDS
  const latest = longest === null ? undefined : now + longest
  if (requested === undefined) return latest === undefined || usual < latest ? usual : latest
  if (requested > now && (latest === undefined || requested <= latest)) return requested
  const range = latest === undefined ? `${now + 1n} on` : `${now + 1n} to ${latest}${note}`
  const extensions = { field, value: String(requested) }
  throw new Problem('VALIDATION_FAILED', `${field}: must be from ${range}, got ${requested}.`, { extensions })
}
