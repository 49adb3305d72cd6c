import { Hono } from 'hono'

// Ponder loads this file before it indexes. The app is loaded at its first request instead, because that takes most of a
// second, by which an indexer that restarts would answer readers later.

let loading: Promise<typeof import('./ponderHost.ts')> | undefined

export default new Hono<{ Bindings: object }>().all('*', async ({ req, env }) => {
  loading ??= import('./ponderHost.ts')
  const { app } = await loading
  // Headers first: node-server's Response forgets those that middleware has set once its body is read.
  const { headers, status, body } = await app.fetch(req.raw, env)
  return new Response(body, { status, headers })
})
