import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import type { Deps } from '../deps.ts'
import { problemResponses } from '../http/problem.ts'
import { idParameter } from '../http/values.ts'
import { eventPage } from '../queries/events.ts'
import { eventSchema, formatEvent } from '../resources/event.ts'
import { answerJson, indexedHeaders, minBlock, readIndex } from './indexed.ts'
import { formatPagination, pageParameters, paginationSchema, sliceOf } from './pagination.ts'
import { runNotFound } from './runs.ts'

const listEvents = createRoute({
  method: 'get',
  path: '/api/runs/{id}/events',
  summary: 'List the events of a run',
  request: {
    params: z.object({ id: idParameter }),
    // 100 covers all events of a run, unless a client had many claims of it refused on purpose.
    query: z.strictObject({ ...pageParameters(100), minBlock }),
  },
  responses: {
    200: {
      description: 'The timeline of the run, oldest first.',
      headers: indexedHeaders,
      content: {
        'application/json': { schema: z.object({ events: z.array(eventSchema), pagination: paginationSchema }) },
      },
    },
    ...problemResponses('VALIDATION_FAILED', 'RUN_NOT_FOUND', 'INDEX_BEHIND', 'RATE_LIMITED', 'INTERNAL'),
  },
})

export function eventRoutes(deps: Deps) {
  const app = new OpenAPIHono()

  app.openapi(listEvents, async (c) => {
    const { id } = c.req.valid('param')
    const { minBlock, ...page } = c.req.valid('query')
    const { data } = await readIndex(c, deps, eventPage(id, sliceOf(page)), minBlock)
    if (data === null) throw runNotFound(id)
    return answerJson(c, { events: data.events.map(formatEvent), pagination: formatPagination(page, data.total) })
  })

  return app
}
