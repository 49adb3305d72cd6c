import { createRoute, type RouteConfig, z } from '@hono/zod-openapi'
import type { ProblemCode } from '../http/errors.ts'
import { prefer } from '../http/preferredWait.ts'
import { blockHeaders, problemResponses, retryAfter } from './responses.ts'

/**
 * What differs between the routes of actions.
 * - `made`: describes the answer once the action is made. `isIndexed`: whether that answer names its block.
 * - `schemas`: of this answer, and of one before.
 */
type Described<Path extends string, Request, Made, Pending, Code> = {
  path: Path
  operationId: string
  summary: string
  description: string
  request: Request
  made: string
  isIndexed?: boolean
  schemas: readonly [Made, Pending]
  codes: readonly Code[]
}

/** The body of a request that sends an action. */
export const inBody = <Schema extends z.ZodType>(schema: Schema) => ({
  body: { required: true, content: { 'application/json': { schema } } },
})

/** The route of an action. */
export function actionRoute<
  Path extends string,
  Request extends NonNullable<RouteConfig['request']>,
  Made extends z.ZodType,
  Pending extends z.ZodType,
  const Code extends ProblemCode,
>(described: Described<Path, Request, Made, Pending, Code>) {
  const { path, operationId, request, made, isIndexed = true, schemas, codes, ...texts } = described
  return createRoute({
    method: 'post',
    path,
    operationId,
    tags: ['Actions'],
    ...texts,
    request: { ...request, headers: z.object({ prefer: prefer.optional() }) },
    responses: {
      200: {
        description: made,
        ...(isIndexed && { headers: blockHeaders(true) }),
        content: { 'application/json': { schema: schemas[0] } },
      },
      202: {
        description: 'The action is not decided in time, and continues. `Location` has its state.',
        headers: {
          Location: {
            description: '`GET /api/actions/:actionId` of the action.',
            required: true,
            schema: { type: 'string' as const },
          },
          ...retryAfter(true),
        },
        content: { 'application/json': { schema: schemas[1] } },
      },
      ...problemResponses([
        'VALIDATION_FAILED',
        ...codes,
        'PAYLOAD_TOO_LARGE',
        'UNSUPPORTED_MEDIA_TYPE',
        'RATE_LIMITED',
        'ACTION_PENDING',
        'RELAY_UNAVAILABLE',
      ]),
    },
  })
}
