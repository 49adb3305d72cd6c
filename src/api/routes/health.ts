import { Hono } from 'hono'
import type { Registry } from 'prom-client'
import { Problem } from '../errors.ts'
import type { IndexLag } from '../indexLag.ts'
import type { IndexReader } from '../queries/indexReader.ts'

/** About the process, for whoever runs it. Not under Ponder, which has its own and refuses an app with `/metrics`. */
export function healthRoutes(index: IndexReader, registry: Registry, lag: Pick<IndexLag, 'stall'>) {
  const app = new Hono()

  /** The process answers. Says nothing about what it depends on: restarting it would not mend that. */
  app.get('/healthz', (c) => c.json({ status: 'ok' }))

  /** Reads are answered now, and of a present block. */
  app.get('/readyz', async (c) => {
    const state = await index.look()
    if (state === undefined || !state.whole) throw new Problem('INDEX_BEHIND', 'The index is not in order yet.')
    const stall = lag.stall()
    if (stall !== undefined) throw new Problem('INDEX_BEHIND', stall)
    return c.json({ status: 'ready', indexedBlock: Number(state.snapshot.number) })
  })

  app.get('/metrics', async (c) => c.body(await registry.metrics(), 200, { 'Content-Type': registry.contentType }))

  return app
}
