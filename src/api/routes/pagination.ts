import { z } from '@hono/zod-openapi'
import type { Page } from '../queries/snapshot.ts'

const MAX_LIMIT = 100

const integer = (message: string) =>
  z
    .string('must be given once')
    .regex(/^[1-9][0-9]*$/, message)
    .transform(Number)

const limitMessage = `must be an integer from 1 to ${MAX_LIMIT}`
const pageMessage = 'must be an integer from 1 to 2^53 - 1'

const page = integer(pageMessage)
  .refine(Number.isSafeInteger, pageMessage)
  .openapi({ type: 'integer', minimum: 1, default: 1 })

const limit = (fallback: number) =>
  integer(limitMessage)
    .refine((limit) => limit <= MAX_LIMIT, limitMessage)
    .default(fallback)
    .openapi({ type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: fallback })

/** The parameters `page` and `limit` of a list. A page past the end is empty, not an error. */
export const pageParameters = (defaultLimit: number) => ({ page: page.default(1), limit: limit(defaultLimit) })

/** The parameters of a list that also has cursors. */
export const cursorParameters = (defaultLimit: number) => ({
  page: page.optional(),
  limit: limit(defaultLimit),
  cursor: z.string('must be given once').optional().openapi({
    description:
      'The `nextCursor` of an answer with the same filters and order, for the page after it. Not with `page`.',
  }),
})

const examplePagination = { page: 1, limit: 20, total: 100, totalPages: 5 }

export const exampleCursorPagination = { ...examplePagination, nextCursor: 'l3Zb0xQeBpAAAAAAAAAAUQ' }

/** The pagination of a list that is complete on its first page. */
export const exampleOnlyPage = (limit: number, total: number) => ({ page: 1, limit, total, totalPages: 1 })

export const paginationSchema = z
  .object({ page: z.int(), limit: z.int(), total: z.int(), totalPages: z.int() })
  .openapi('Pagination', { example: examplePagination })

export const cursorPaginationSchema = z
  .object({
    page: z.int().nullable().openapi({ description: 'Null if the request has a cursor: its page has no number.' }),
    limit: z.int(),
    total: z.int(),
    totalPages: z.int(),
    nextCursor: z.string().nullable().openapi({ description: 'The cursor of the next page; null on the last page.' }),
  })
  .openapi('CursorPagination', { example: exampleCursorPagination })

type PageQuery = { page: number; limit: number }

/**
 * The offset of a page beyond 2^53 rows is inexact, which is harmless past the end of any list. It always fits int8.
 */
export function sliceOf({ page, limit }: PageQuery): Page {
  return { limit, offset: (page - 1) * limit }
}

export function formatPagination({ page, limit }: PageQuery, total: number): z.infer<typeof paginationSchema> {
  return { page, limit, total, totalPages: Math.ceil(total / limit) }
}
