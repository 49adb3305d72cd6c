import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener, RequestError } from '@hono/node-server'
import { Problem } from './errors.ts'
import { formatProblem } from './problem.ts'

type App = { fetch: Parameters<typeof getRequestListener>[0] }

/** An HTTP server around the app, with limits on how slowly and how much a client may send. */
export function createHttpServer(app: App): Server {
  const limits = {
    maxHeaderSize: 16 * 1024,
    headersTimeout: 5_000,
    requestTimeout: 10_000,
    connectionsCheckingInterval: 1_000,
    // Longer than the minute for which load balancers keep a connection: the side that sends must be the first to close.
    keepAliveTimeout: 65_000,
  }
  return createServer(limits, getRequestListener(app.fetch, { errorHandler: refuseMalformed }))
}

/** What never reaches the app: a host or target that makes no URL. */
function refuseMalformed(error: unknown): Response {
  if (!(error instanceof RequestError)) throw error
  const problem = new Problem('VALIDATION_FAILED', `url: ${error.message}.`, { extensions: { field: 'url' } })
  const headers = { 'Content-Type': 'application/problem+json' }
  return new Response(JSON.stringify(formatProblem(problem)), { status: problem.status, headers })
}

/** Which port to listen on: by `host`, or by every address of this machine; 0 for any free one. */
type Listening = { setting: string; port: number; host?: string }

/** @returns the port. @throws naming the setting if it cannot listen there. */
export async function listen(server: Server, { setting, port, host }: Listening): Promise<number> {
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (cause) {
    const taken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE'
    const name = `${setting} ${host === undefined ? port : `${host}:${port}`}`
    throw new Error(taken ? `${name} is taken by another process` : `Cannot listen on ${name}`, { cause })
  }
  return (server.address() as AddressInfo).port
}

/**
 * Stops accepting, lets the requests in flight finish, and closes every connection as it falls idle.
 * @param patience After so many milliseconds, what is left is cut.
 */
export async function drain(server: Server, patience: number): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  server.close()
  // `close` itself ends only the connections that are idle at the time.
  const sweep = setInterval(() => server.closeIdleConnections(), 50)
  const limit = setTimeout(() => server.closeAllConnections(), patience)
  await closed
  clearInterval(sweep)
  clearTimeout(limit)
}
