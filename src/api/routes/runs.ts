import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type MarketAddress, marketOf } from '../../../core/deployment.ts'
import type { Deps } from '../deps.ts'
import { requesterOf } from '../http/clientLimits.ts'
import { Problem } from '../http/errors.ts'
import {
  addressParameter,
  claimantParameter,
  flagParameter,
  idParameter,
  searchParameters,
  usdcParameter,
} from '../http/values.ts'
import { eventPage } from '../queries/events.ts'
import { pageOfRuns, type RunList, type RunStart, runDetail } from '../queries/runs.ts'
import { isExpensive, isFar, type ReadInTurn } from '../queries/turns.ts'
import { formatRunCursor, parseRunCursor } from '../resources/cursors.ts'
import { eventSchema, formatEvent } from '../resources/event.ts'
import {
  exampleRunSummary,
  formatRunDetail,
  formatRunSummary,
  runDetailSchema,
  runSummarySchema,
  stateSchema,
} from '../resources/run.ts'
import { answerJson, minBlock, readIndex } from './indexed.ts'
import { runNotFound } from './named.ts'
import {
  cursorPaginationSchema,
  cursorParameters,
  exampleCursorPagination,
  formatPagination,
  pageParameters,
  paginationSchema,
  sliceOf,
} from './pagination.ts'
import { indexedResponses } from './responses.ts'

export const listQuery = z.strictObject({
  ...cursorParameters(20),
  state: stateSchema.optional(),
  minReward: usdcParameter.optional().openapi({ description: 'Least reward in whole USDC, inclusive.' }),
  poster: addressParameter.optional(),
  evaluator: addressParameter.optional().openapi({ description: 'The evaluator that the run’s terms name.' }),
  claimedBy: idParameter.optional(),
  claimant: claimantParameter.optional(),
  claimable: flagParameter.optional(),
  ...searchParameters,
  sort: z.enum(['createdAt', 'reward', 'deadline']).default('createdAt'),
  order: z.enum(['asc', 'desc']).default('desc'),
  minBlock,
})

const runParams = z.object({ id: idParameter })
const runQuery = z.strictObject({ minBlock })

const runListSchema = z
  .object({ runs: z.array(runSummarySchema), pagination: cursorPaginationSchema })
  .openapi('RunList', {
    example: { runs: [exampleRunSummary], pagination: { ...exampleCursorPagination, limit: 1, totalPages: 100 } },
  })

const listRuns = createRoute({
  method: 'get',
  path: '/api/runs',
  operationId: 'listRuns',
  tags: ['Runs'],
  summary: 'List runs',
  description:
    'Filters combine. The first pages have numbers (see `totalIsExact`); cursors lead through all, and stay exact while runs are added.',
  request: { query: listQuery },
  responses: indexedResponses(
    'One page of the runs that match, by `sort` and `order`: by default newest first.',
    runListSchema,
  ),
})

const getRun = createRoute({
  method: 'get',
  path: '/api/runs/{id}',
  operationId: 'getRun',
  tags: ['Runs'],
  summary: 'Get a run',
  description:
    'The run with its claim, its terms and its time limits. `brief` is what it asks for, if that is stored here: it and ' +
    '`applications` are no part of the block, and may change the answer without one.',
  request: { params: runParams, query: runQuery },
  responses: indexedResponses('The run.', runDetailSchema, ['RUN_NOT_FOUND']),
})

type Place = { page: number | undefined; limit: number; cursor: string | undefined }

function startOf(market: MarketAddress, list: RunList, { page, limit, cursor }: Place): RunStart {
  if (cursor === undefined) return sliceOf({ page: page ?? 1, limit })
  if (page === undefined) return { after: parseRunCursor(market, list, cursor) }
  const extensions = { field: 'page', value: String(page) }
  throw new Problem('VALIDATION_FAILED', `page: must not be given with cursor, got ${page}.`, { extensions })
}

export function addRunRoutes(app: OpenAPIHono, deps: Deps, readInTurn: ReadInTurn) {
  const market = marketOf(deps.deployment)

  app.openapi(listRuns, async (c) => {
    const { minBlock, page, limit, cursor, ...list } = c.req.valid('query')
    const start = startOf(market, list, { page, limit, cursor })
    const reader = readInTurn(isExpensive(list, start), requesterOf(c, deps.limits))
    const { snapshot, data } = await readIndex(c, reader, minBlock, (tx, block) =>
      pageOfRuns(tx, block, list, start, limit),
    )
    const pagination: z.infer<typeof cursorPaginationSchema> = {
      ...formatPagination({ page: page ?? 1, limit }, data.total),
      page: cursor === undefined ? (page ?? 1) : null,
      totalIsExact: data.isTotalExact,
      nextCursor: data.end && formatRunCursor(market, list, data.end),
    }
    return answerJson(c, { runs: data.runs.map((run) => formatRunSummary(run, snapshot.now)), pagination })
  })

  app.openapi(getRun, async (c) => {
    const { id } = c.req.valid('param')
    const { minBlock } = c.req.valid('query')
    const { snapshot, data: run } = await readIndex(c, deps.index, minBlock, (tx, block) => runDetail(tx, block, id))
    if (run === null) throw runNotFound(id)
    return answerJson(c, formatRunDetail(run, snapshot.now))
  })
}

const eventListSchema = z.object({ events: z.array(eventSchema), pagination: paginationSchema }).openapi('RunEventList')

const listEvents = createRoute({
  method: 'get',
  path: '/api/runs/{id}/events',
  operationId: 'listRunEvents',
  tags: ['Runs'],
  summary: 'List the events of a run',
  description: 'What the market’s events say of the run, with the transaction of each.',
  request: {
    params: z.object({ id: idParameter }),
    // 100 covers all events of a run, unless a client had many claims of it refused on purpose.
    query: z.strictObject({ ...pageParameters(100), minBlock }),
  },
  responses: indexedResponses('The timeline of the run, oldest first.', eventListSchema, ['RUN_NOT_FOUND']),
})

export function addEventRoutes(app: OpenAPIHono, deps: Deps, readInTurn: ReadInTurn) {
  app.openapi(listEvents, async (c) => {
    const { id } = c.req.valid('param')
    const { minBlock, ...page } = c.req.valid('query')
    const slice = sliceOf(page)
    const reader = readInTurn(isFar(slice.offset), requesterOf(c, deps.limits))
    const { data } = await readIndex(c, reader, minBlock, (tx) => eventPage(tx, id, slice))
    if (data === null) throw runNotFound(id)
    return answerJson(c, { events: data.events.map(formatEvent), pagination: formatPagination(page, data.total) })
  })
}
