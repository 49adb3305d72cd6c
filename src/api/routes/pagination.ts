import { z } from '@hono/zod-openapi'
import type { Page } from '../queries/agents.ts'
import { MOST_FOUND, MOST_LISTED } from '../queries/runs.ts'

const MAX_LIMIT = 100

const integer = (message: string) =>
  z
    .string('must be given once')
    .regex(/^[1-9][0-9]*$/, message)
    .transform(Number)

const pageMessage = 'must be an integer from 1 to 2^53 - 1'

const page = integer(pageMessage)
  .refine(Number.isSafeInteger, pageMessage)
  .openapi({ type: 'integer', minimum: 1, default: 1 })

/** A number of entries in a request, from 1 to `most`. */
export function countParameter(most: number, fallback: number) {
  const message = `must be an integer from 1 to ${most}`
  return integer(message)
    .refine((count) => count <= most, message)
    .default(fallback)
    .openapi({ type: 'integer', minimum: 1, maximum: most, default: fallback })
}

/** The parameters `page` and `limit` of a list. A page past the end is empty, not an error. */
export const pageParameters = (defaultLimit: number) => ({
  page: page.default(1),
  limit: countParameter(MAX_LIMIT, defaultLimit),
})

/** The parameters of a list that also has cursors. */
export const cursorParameters = (defaultLimit: number) => ({
  page: page.optional(),
  limit: countParameter(MAX_LIMIT, defaultLimit),
  cursor: z.string('must be given once').optional().openapi({
    description:
      'The `nextCursor` of an answer with the same filters and order, for the page after it. Not with `page`.',
  }),
})

const examplePagination = formatPagination({ page: 1, limit: 20 }, 100)

export const exampleCursorPagination = {
  ...examplePagination,
  totalIsExact: true,
  nextCursor: 'l3Zb0xQeBpAAAAAAAAAAUQ',
}

export const paginationSchema = z
  .object({ page: z.int(), limit: z.int(), total: z.int(), totalPages: z.int() })
  .openapi('Pagination', { example: examplePagination })

export const cursorPaginationSchema = z
  .object({
    ...paginationSchema.shape,
    page: z.int().nullable().openapi({ description: 'Null if the request has a cursor: its page has no number.' }),
    totalIsExact: z.boolean().openapi({
      description: `False if more than ${MOST_LISTED} runs match, or a search finds more than ${MOST_FOUND}: \`total\` is then this number. Go on by cursor: later pages have no number. \`GET /api/stats\` counts the runs by state.`,
    }),
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

export function formatPagination({ page, limit }: PageQuery, total: number) {
  return { page, limit, total, totalPages: Math.ceil(total / limit) }
}
