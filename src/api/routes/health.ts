import { Hono } from 'hono'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import { errorHandler } from '../http/errorHandler.ts'
import { type ProcessStatus, publicReadiness } from '../observability/readiness.ts'

/** Where orchestrators and load balancers ask for a process's health. */
const paths = { live: '/healthz', ready: '/readyz' }

export const isProbe = (path: string): boolean => Object.values(paths).includes(path)

/** Whether the process works, for what sends requests to it. Not under Ponder, which has its own. */
export function healthRoutes(look: () => Promise<ProcessStatus>): Hono {
  const app = new Hono()

  /** The process answers. Says nothing about what it depends on: restarting it would not mend that. */
  app.get(paths.live, (c) => c.json({ status: 'ok' }))

  /**
   * 503 where reads are not answered, or of the past, so that requests go to other processes. Where claims alone fail it
   * stays 200, for they fail in every process, and reads still work.
   */
  app.get(paths.ready, async (c) => {
    const readiness = publicReadiness(await look())
    return c.json(readiness, readiness.status === 'unready' ? 503 : 200)
  })

  return app
}

/** What the operator alone may see, to be served on a port of its own: the signers' funds, and how much is done. */
export function operatorRoutes(look: () => Promise<ProcessStatus>, registry: Registry, logger: Logger): Hono {
  const app = new Hono()
  app.onError(errorHandler(logger))
  app.route('/', healthRoutes(look))
  app.get('/status', async (c) => c.body(toJson(await look()), 200, { 'Content-Type': 'application/json' }))
  app.get('/metrics', async (c) => c.body(await registry.metrics(), 200, { 'Content-Type': registry.contentType }))
  return app
}

/** Wei are decimal strings, as amounts of the API are. */
const toJson = (status: ProcessStatus) =>
  JSON.stringify(status, (_, value) => (typeof value === 'bigint' ? value.toString() : value))
