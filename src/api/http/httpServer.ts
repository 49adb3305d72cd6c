import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener, RequestError } from '@hono/node-server'
import { Problem } from './errors.ts'
import { formatProblem } from './problem.ts'

type App = { fetch: Parameters<typeof getRequestListener>[0] }

/** Creates an HTTP server for the app, with limits on how slowly and how much a client may send. */
export function createHttpServer(app: App): Server {
  const limits = {
    maxHeaderSize: 16 * 1024,
    headersTimeout: 5_000,
    requestTimeout: 10_000,
    connectionsCheckingInterval: 1_000,
    // Load balancers keep connections for a minute. The server keeps them longer: it closes none that a
    // load balancer may still use.
    keepAliveTimeout: 65_000,
  }
  return createServer(limits, getRequestListener(app.fetch, { errorHandler: refuseMalformed }))
}

/** Answers a request that cannot reach the app because its host and target are not a valid URL. */
function refuseMalformed(error: unknown): Response {
  if (!(error instanceof RequestError)) throw error
  const problem = new Problem('VALIDATION_FAILED', `url: ${error.message}.`, { extensions: { field: 'url' } })
  const headers = { 'Content-Type': 'application/problem+json' }
  return new Response(JSON.stringify(formatProblem(problem)), { status: problem.status, headers })
}

/** Where to listen: on `host`, or on every address of this machine if absent. Port 0 means any free port. */
type Listening = { setting: string; port: number; host?: string }

/** @returns the port. @throws an error that names the setting if it cannot listen there. */
export async function listen(server: Server, { setting, port, host }: Listening): Promise<number> {
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (cause) {
    const isTaken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE'
    const name = `${setting} ${host === undefined ? port : `${host}:${port}`}`
    throw new Error(isTaken ? `${name} is taken by another process` : `Cannot listen on ${name}`, { cause })
  }
  return (server.address() as AddressInfo).port
}

/**
 * Stops accepting connections, lets the requests in flight finish, and closes each connection once it is idle.
 * @param timeoutMs When the connections that are left are closed.
 */
export async function drain(server: Server, timeoutMs: number): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  server.close()
  // `server.close` closes only the connections that are idle when it is called.
  const closeIdle = setInterval(() => server.closeIdleConnections(), 50)
  const closeAll = setTimeout(() => server.closeAllConnections(), timeoutMs)
  await closed
  clearInterval(closeIdle)
  clearTimeout(closeAll)
}
