import type { HttpBindings } from '@hono/node-server'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Deps } from '../deps.ts'
import { requesterOf } from '../http/clientLimits.ts'
import { addressParameter, idParameter, searchParameters, usdcParameter } from '../http/values.ts'
import { parseStreamCursor } from '../resources/cursors.ts'
import { stateSchema } from '../resources/run.ts'
import { eventDataSchema } from '../resources/stream.ts'
import { problemResponses } from './responses.ts'

const types = ['run', 'agent'] as const

const typesParameter = z
  .string('must be given once')
  .regex(/^(run|agent|run,agent|agent,run)$/, 'must be run, agent or run,agent')
  .transform((text) => types.filter((type) => text.includes(type)))
  .openapi({
    type: 'string',
    enum: ['run', 'agent', 'run,agent'],
    description:
      'Both if absent; runs only if `state`, `minReward`, `poster`, `claimant`, `runId`, `q` or `tag` is given.',
  })

const streamQuery = z.strictObject({
  types: typesParameter.optional(),
  state: stateSchema.optional(),
  minReward: usdcParameter.optional().openapi({ description: 'Least reward in whole USDC, inclusive.' }),
  poster: addressParameter.optional(),
  claimant: addressParameter
    .optional()
    .openapi({ description: 'The only wallet that may claim: so an agent learns it was chosen.' }),
  agentId: idParameter.optional().openapi({ description: 'The agent, and the runs that it has claimed.' }),
  runId: idParameter.optional(),
  ...searchParameters,
  lastEventId: z.string('must be given once').optional().openapi({
    description: 'The id of the last event that the client got. The header Last-Event-ID takes precedence.',
  }),
})

const streamChanges = createRoute({
  method: 'get',
  path: '/api/stream',
  operationId: 'streamChanges',
  tags: ['Stream'],
  summary: 'Follow the changes of runs and agents',
  description:
    'Server-sent events, for a browser’s EventSource or any client: `ready`, then `run` and `agent` with each change, ' +
    '`reset` after a reorg, `close` before the server ends the stream. The schema is of the JSON in an event’s data.',
  request: {
    query: streamQuery,
    headers: z.object({ 'last-event-id': z.string().optional() }),
  },
  responses: {
    200: {
      description: 'A stream that does not end.',
      content: { 'text/event-stream': { schema: eventDataSchema } },
    },
    ...problemResponses(['VALIDATION_FAILED', 'STREAMS_UNAVAILABLE', 'INDEX_BEHIND']),
  },
})

export function addStreamRoutes(app: OpenAPIHono, { streams, limits }: Deps) {
  app.openapi(streamChanges, async (c) => {
    const { lastEventId: ofQuery, types: asked, ...filter } = c.req.valid('query')
    const lastEventId = c.req.valid('header')['last-event-id'] || ofQuery
    const cursor = lastEventId ? parseStreamCursor(lastEventId) : undefined
    const headers = { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' }
    // Hono answers a HEAD with this handler, and would not read the body.
    if (c.req.method === 'HEAD') return new Response(null, { headers }) as never
    const { agentId: _, ...ofRuns } = filter
    const isOfRuns = Object.values(ofRuns).some((value) => value !== undefined)
    const matched = asked ?? (isOfRuns ? (['run'] as const) : types)
    const key = JSON.stringify([matched, Object.entries(filter).map(([name, value]) => [name, String(value ?? '')])])
    const { outgoing } = (c.env ?? {}) as Partial<HttpBindings>
    // Unchunked, an event is one write of bytes that streams share, not three. The connection ends with the stream.
    outgoing?.removeHeader('Transfer-Encoding')
    const body = await streams.start(
      { ...filter, types: matched, key },
      { cursor, client: requesterOf(c, limits).client, cut: () => outgoing?.destroy() },
    )
    return new Response(body, { headers }) as never
  })
}
