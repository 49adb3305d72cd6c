import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Deps } from '../deps.ts'
import { requesterOf } from '../http/requester.ts'
import { idParameter } from '../http/values.ts'
import { eventPage } from '../queries/events.ts'
import { isFar, type ReadInTurn } from '../queries/turns.ts'
import { eventSchema, formatEvent } from '../resources/event.ts'
import { answerJson, minBlock, readIndex } from './indexed.ts'
import { runNotFound } from './named.ts'
import { formatPagination, pageParameters, paginationSchema, sliceOf } from './pagination.ts'
import { indexedResponses } from './responses.ts'

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
