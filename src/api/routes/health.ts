import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { Hono } from 'hono'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import { errorHandler } from '../http/errorHandler.ts'
import { type ProcessStatus, publicReadiness, publicReasonCodes } from '../observability/readiness.ts'

/** The paths at which orchestrators and load balancers check a process. */
const paths = { live: '/healthz', ready: '/readyz' }

export const isProbe = (path: string): boolean => Object.values(paths).includes(path)

const getLiveness = createRoute({
  method: 'get',
  path: paths.live,
  operationId: 'getLiveness',
  tags: ['Health'],
  summary: 'Check that the process answers',
  description:
    '200 while the process answers. It does not check dependencies, because a restart would not repair them.',
  responses: {
    200: {
      description: 'The process answers.',
      content: {
        'application/json': {
          schema: z.object({ status: z.literal('ok') }).openapi('Liveness', { example: { status: 'ok' } }),
        },
      },
    },
  },
})

const readinessSchema = z
  .object({
    status: z.enum(['ready', 'degraded', 'unready']),
    indexedBlock: z.int().nullable(),
    behindSeconds: z.int().openapi({
      description: 'How many seconds ago the chain got the first block that the index lacks; 0 if it lacks none.',
    }),
    reasons: z
      .array(
        z.object({
          code: z.enum(publicReasonCodes),
          detail: z.string().openapi({ description: 'A sentence for a person. Its words may change.' }),
          affects: z.enum(['reads', 'claims']),
        }),
      )
      .openapi({ description: 'Empty too if only the operator may see the reason.' }),
  })
  .openapi('Readiness')

const exampleReadiness = { status: 'ready', indexedBlock: 1_234, behindSeconds: 0, reasons: [] }
const exampleUnready = {
  status: 'unready',
  indexedBlock: null,
  behindSeconds: 0,
  reasons: [{ code: 'INDEX_ABSENT', detail: 'No block is indexed yet.', affects: 'reads' }],
}

const getReadiness = createRoute({
  method: 'get',
  path: paths.ready,
  operationId: 'getReadiness',
  tags: ['Health'],
  summary: 'Check whether the process should get requests',
  description:
    '503 if reads fail or are stale, so that requests go to other processes. If only claims fail it stays 200: they ' +
    'fail in every process, and reads still work.',
  responses: {
    200: {
      description: 'Reads work; `degraded`: claims do not, or something soon will not.',
      content: { 'application/json': { schema: readinessSchema, example: exampleReadiness } },
    },
    503: {
      description: 'Reads fail, or are stale.',
      content: { 'application/json': { schema: readinessSchema, example: exampleUnready } },
    },
  },
})

/** The health of the process, for orchestrators and load balancers. */
export function healthRoutes(checkReadiness: () => Promise<ProcessStatus>) {
  const app = new OpenAPIHono()

  app.openapi(getLiveness, (c) => c.json({ status: 'ok' as const }, 200))

  app.openapi(getReadiness, async (c) => {
    const readiness = publicReadiness(await checkReadiness())
    return c.json(readiness, readiness.status === 'unready' ? 503 : 200)
  })

  return app
}

/** Routes for the operator only, on a port of their own: the signers with their funds, and the metrics. */
export function operatorRoutes(checkReadiness: () => Promise<ProcessStatus>, registry: Registry, logger: Logger): Hono {
  const app = new Hono()
  app.onError(errorHandler(logger))
  app.route('/', healthRoutes(checkReadiness))
  app.get('/status', async (c) => c.body(toJson(await checkReadiness()), 200, { 'Content-Type': 'application/json' }))
  app.get('/metrics', async (c) => c.body(await registry.metrics(), 200, { 'Content-Type': registry.contentType }))
  return app
}

/** Amounts in wei become decimal strings, like the amounts of the API. */
const toJson = (status: ProcessStatus) =>
  JSON.stringify(status, (_, value) => (typeof value === 'bigint' ? value.toString() : value))
