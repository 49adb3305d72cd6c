import { createRoute, z } from '@hono/zod-openapi'
import type { ProblemCode } from '../http/errors.ts'
import { type BodyMembers, messageSchema } from '../resources/message.ts'
import { minBlock } from './indexed.ts'
import { blockHeaders, problemResponses } from './responses.ts'

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
    summary: `Get what to sign for the action ${name}`,
    description: `Sign \`typedData\`, add the \`signature\` to \`body\`, and ${method} it to \`path\`.`,
    request: { query: z.strictObject({ ...query, minBlock }) },
    responses: {
      200: {
        description: `What to sign for ${name}.`,
        headers: blockHeaders(true),
        content: { 'application/json': { schema: messageSchema(name, members) } },
      },
      ...problemResponses(['VALIDATION_FAILED', ...codes]),
    },
  })
