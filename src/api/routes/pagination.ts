import { z } from '@hono/zod-openapi'
import type { Page } from '../queries/page.ts'

const MAX_LIMIT = 100

const integer = (message: string) =>
  z
    .string('must be given once')
    .regex(/^[1-9][0-9]*$/, message)
    .transform(Number)

const limitMessage = `must be an integer from 1 to ${MAX_LIMIT}`
const pageMessage = 'must be an integer from 1 to 2^53 - 1'

/** `page` and `limit` of a list's query. A page past the end is empty, not an error. */
export const pageParameters = (defaultLimit: number) => ({
  page: integer(pageMessage)
    .refine(Number.isSafeInteger, pageMessage)
    .default(1)
    .openapi({ type: 'integer', minimum: 1, default: 1 }),
  limit: integer(limitMessage)
    .refine((limit) => limit <= MAX_LIMIT, limitMessage)
    .default(defaultLimit)
    .openapi({ type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: defaultLimit }),
})

export const paginationSchema = z
  .object({ page: z.int(), limit: z.int(), total: z.int(), totalPages: z.int() })
  .openapi('Pagination', { example: { page: 1, limit: 20, total: 100, totalPages: 5 } })

type PageQuery = { page: number; limit: number }

/** The offset of a page beyond 2^53 rows is inexact, and past the end all the same. It always fits int8. */
export function sliceOf({ page, limit }: PageQuery): Page {
  return { limit, offset: (page - 1) * limit }
}

export function formatPagination({ page, limit }: PageQuery, total: number): z.infer<typeof paginationSchema> {
  return { page, limit, total, totalPages: Math.ceil(total / limit) }
}
