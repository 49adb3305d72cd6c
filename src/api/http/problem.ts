import { z } from '@hono/zod-openapi'
import { type Problem, type ProblemCode, problemTypes } from './errors.ts'

const codes = Object.keys(problemTypes) as [ProblemCode, ...ProblemCode[]]

export const problemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(codes),
    field: z.string().optional().openapi({ description: 'The refused parameter or member of the body.' }),
    value: z.unknown().optional().openapi({ description: 'The refused value.' }),
  })
  .openapi('Problem', {
    description: 'RFC 9457. `code` never changes its meaning; `detail` is a sentence for a person.',
    example: {
      type: 'urn:problem-type:runline:VALIDATION_FAILED',
      title: problemTypes.VALIDATION_FAILED.title,
      status: 400,
      detail: 'limit: must be an integer from 1 to 100, got "0".',
      code: 'VALIDATION_FAILED',
      field: 'limit',
      value: '0',
    },
  })

export function formatProblem({ code, status, message, extensions }: Problem) {
  const { title } = problemTypes[code]
  return { type: `urn:problem-type:runline:${code}`, title, status, detail: message, code, ...extensions }
}

/** The statuses of answers with a Retry-After header. */
const RETRIABLE = new Set([429, 503])

const retryAfter = {
  'Retry-After': { description: 'Seconds after which the same request may succeed.', schema: { type: 'integer' } },
} as const

type StatusOf<Code extends ProblemCode> = (typeof problemTypes)[Code]['status']
type ProblemResponse = {
  description: string
  headers?: typeof retryAfter
  content: { 'application/problem+json': { schema: typeof problemSchema } }
}

/** The OpenAPI responses of a route for these codes, one per status. */
export function problemResponses<const Code extends ProblemCode>(
  ...documented: Code[]
): { [Status in StatusOf<Code>]: ProblemResponse } {
  const byStatus = Map.groupBy(documented, (code) => problemTypes[code].status)
  const responses = [...byStatus].map(([status, sameStatus]) => [
    status,
    {
      description: sameStatus.map((code) => `\`${code}\`: ${problemTypes[code].title}.`).join(' '),
      ...(RETRIABLE.has(status) && { headers: retryAfter }),
      content: { 'application/problem+json': { schema: problemSchema } },
    },
  ])
  return Object.fromEntries(responses)
}
