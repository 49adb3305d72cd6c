import { Hono } from 'hono'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { Readiness } from '../readiness.ts'

/** About the process, for whoever runs it. Not under Ponder, which has its own and refuses an app with `/metrics`. */
export function healthRoutes(look: () => Promise<Readiness>, registry: Registry, logger: Logger) {
  const app = new Hono()
  const note = noteChanges(logger)

  /** The process answers. Says nothing about what it depends on: restarting it would not mend that. */
  app.get('/healthz', (c) => c.json({ status: 'ok' }))

  /**
   * 503 where reads are not answered, or of the past, so that requests go to other processes. Where claims alone fail it
   * stays 200, for they do in every process: without the reads that still work, nobody would be better off.
   */
  app.get('/readyz', async (c) => {
    const readiness = await look()
    const status = statusOf(readiness)
    note(status, readiness)
    return c.json({ status, ...readiness }, status === 'unready' ? 503 : 200)
  })

  app.get('/metrics', async (c) => c.body(await registry.metrics(), 200, { 'Content-Type': registry.contentType }))

  return app
}

function statusOf({ reasons }: Readiness) {
  if (reasons.length === 0) return 'ready'
  return reasons.some(({ affects }) => affects === 'reads') ? 'unready' : 'degraded'
}

/** A line for each change, and none for the probes between. */
function noteChanges(logger: Logger) {
  let last = ''
  return (status: ReturnType<typeof statusOf>, { reasons }: Readiness) => {
    const now = reasons.map(({ code }) => code).join()
    if (now === last) return
    last = now
    logger[status === 'ready' ? 'info' : 'warn']({ reasons }, status)
  }
}
