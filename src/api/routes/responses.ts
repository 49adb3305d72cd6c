import type { z } from '@hono/zod-openapi'
import { type ProblemCode, problemTypes } from '../http/errors.ts'
import { problemSchema } from '../resources/problem.ts'

/** The headers that name the block of an answer. */
export const blockHeaders = (required: boolean) => ({
  'X-Indexed-Block': {
    description: 'The block at which the answer is true.',
    required,
    schema: { type: 'integer' as const },
  },
  'X-Indexed-Hash': { description: 'The hash of that block.', required, schema: { type: 'string' as const } },
})

/** A request's body of JSON. */
export const jsonBody = <Schema extends z.ZodType>(schema: Schema) => ({
  body: { required: true, content: { 'application/json': { schema } } },
})

export const etagHeader = {
  ETag: {
    description:
      'Strong. Send it as If-None-Match to get 304 while the answer is the same: one from the index, until the next block.',
    required: true,
    schema: { type: 'string' },
  },
} as const

const indexedHeaders = { ...blockHeaders(true), ...etagHeader } as const

/**
 * The responses of a route that reads the index.
 * @param codes those of its refusals, besides a malformed request and an index that is behind.
 */
export const indexedResponses = <Schema extends z.ZodType, const Code extends ProblemCode = never>(
  description: string,
  schema: Schema,
  codes: readonly Code[] = [],
) => ({
  200: { description, headers: indexedHeaders, content: { 'application/json': { schema } } },
  304: { description: 'The answer is the one that If-None-Match names. It has no body.', headers: indexedHeaders },
  ...problemResponses(['VALIDATION_FAILED', ...codes, 'INDEX_BEHIND']),
})

export const retryAfter = (required: boolean) => ({
  'Retry-After': {
    description: 'Seconds after which to send the same request again.',
    required,
    schema: { type: 'integer' as const },
  },
})

/** Headers of the refusals with these statuses. */
const headersOf: Record<number, Headers> = {
  401: {
    'WWW-Authenticate': {
      description: 'The URL of the message to sign, as `message` of the scheme EIP712.',
      required: true,
      schema: { type: 'string' },
    },
  },
  // Absent where the index was not read.
  404: blockHeaders(false),
  429: retryAfter(true),
  // Absent where the server has no relayer: then the same request never succeeds.
  503: retryAfter(false),
}

type StatusOf<Code extends ProblemCode> = (typeof problemTypes)[Code]['status']
type Headers = Record<string, { description: string; required: boolean; schema: { type: 'integer' | 'string' } }>
type ProblemResponse = {
  description: string
  headers: Headers
  content: { 'application/problem+json': { schema: z.ZodType } }
}

/** The OpenAPI responses for these codes, one per status. */
export function problemResponses<const Code extends ProblemCode>(
  codes: readonly Code[],
): { [Status in StatusOf<Code>]: ProblemResponse } {
  const byStatus = Map.groupBy(codes, (code) => problemTypes[code].status)
  const responses = [...byStatus].map(([status, sameStatus]) => [
    status,
    {
      description: sameStatus.map((code) => `\`${code}\`: ${problemTypes[code].title}.`).join(' '),
      headers: headersOf[status] ?? {},
      content: { 'application/problem+json': { schema: problemSchema(sameStatus) } },
    },
  ])
  return Object.fromEntries(responses)
}
