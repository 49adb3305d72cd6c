import { Hono } from 'hono'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import { errorHandler } from '../http/errorHandler.ts'
import { type ProcessStatus, publicReadiness } from '../observability/readiness.ts'

/** The paths at which orchestrators and load balancers check a process. */
const paths = { live: '/healthz', ready: '/readyz' }

export const isProbe = (path: string): boolean => Object.values(paths).includes(path)

/**
 * The health of the process, for orchestrators and load balancers. Not under Ponder, which has its own routes for that.
 */
export function healthRoutes(checkReadiness: () => Promise<ProcessStatus>): Hono {
  const app = new Hono()

  /** 200 while the process answers. It does not check dependencies, because a restart would not repair them. */
  app.get(paths.live, (c) => c.json({ status: 'ok' }))

  /**
   * 503 if reads fail or are stale, so that requests go to other processes. If only claims fail it stays 200: they fail
   * in every process, and reads still work.
   */
  app.get(paths.ready, async (c) => {
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
