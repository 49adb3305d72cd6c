import { once } from 'node:events'
import { createServer, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { getRequestListener, RequestError } from '@hono/node-server'
import { clientOf } from './clientAddress.ts'
import { Problem } from './errors.ts'
import { createNetworkShares, sharesOf } from './networkShares.ts'

type App = { fetch: Parameters<typeof getRequestListener>[0] }

const MAX_HEADER_BYTES = 16 * 1024
const HEADERS_TIMEOUT_MS = 5_000
const REQUEST_TIMEOUT_MS = 10_000

/**
 * A connection on which nothing moves for this long is closed: a client that does not read its answer would keep its bytes
 * in memory. Longer than any wait for an answer, and than the 15 s between two comments of a stream.
 */
const UNREAD_TIMEOUT_MS = 30_000

type ServerLimits = {
  /** How many connections may be open at once. A further one is closed at once. */
  maxConnections: number
  /** Whether one address, or IPv6 network, may have a share of the connections only. */
  hasShares?: boolean
  unreadTimeoutMs?: number
}

/** Creates an HTTP server for the app, with limits on how slowly and how much a client may send, and how slowly it may read. */
export function createHttpServer(
  app: App,
  { maxConnections, hasShares = false, unreadTimeoutMs = UNREAD_TIMEOUT_MS }: ServerLimits,
): Server {
  const limits = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: 1_000,
    // Load balancers keep connections for a minute. The server keeps them longer: it closes none that a
    // load balancer may still use.
    keepAliveTimeout: 65_000,
  }
  const answer = getRequestListener(app.fetch, { errorHandler: refuseMalformed })
  const server = createServer(limits, (incoming, outgoing) =>
    (incoming.headersDistinct.host?.length ?? 0) > 1 ? refuseHosts(outgoing) : answer(incoming, outgoing),
  )
  server.maxConnections = maxConnections
  if (hasShares) limitShares(server, maxConnections)
  server.setTimeout(unreadTimeoutMs)
  return server.on('clientError', refuseUnparsed)
}

/** Closes a connection at once if its client has its share of them. */
function limitShares(server: Server, maxConnections: number) {
  const shares = createNetworkShares(sharesOf(maxConnections))
  server.on('connection', (socket) => {
    const client = clientOf(socket.remoteAddress, undefined, 0)
    if (shares.full(client)) {
      socket.destroy()
      return
    }
    shares.add(client)
    socket.once('close', () => shares.remove(client))
  })
}

const PROBLEM_JSON = { 'Content-Type': 'application/problem+json' }

/** Answers a request that cannot reach the app because its host and target are not a valid URL. */
function refuseMalformed(error: unknown): Response {
  if (!(error instanceof RequestError)) throw error
  const problem = new Problem('VALIDATION_FAILED', `url: ${error.message}.`, { extensions: { field: 'url' } })
  return new Response(JSON.stringify(problem), { status: problem.status, headers: PROBLEM_JSON })
}

/** Refuses a request that names two hosts: Node reads the first, and a proxy or a cache before it may have read the other. */
function refuseHosts(response: ServerResponse) {
  const detail = 'host: must be given once.'
  const problem = new Problem('VALIDATION_FAILED', detail, { extensions: { field: 'host' } })
  const body = JSON.stringify(problem)
  const headers = { ...PROBLEM_JSON, 'Content-Length': Buffer.byteLength(body), Connection: 'close' }
  response.writeHead(problem.status, headers).end(body)
}

/** Answers bytes that Node's parser refuses, which reach no app, and closes the connection. */
function refuseUnparsed(error: NodeJS.ErrnoException, socket: Duplex & { _httpMessage?: ServerResponse }) {
  // As Node's own handler: nothing is written into an answer that has begun.
  if (socket.writable && !socket._httpMessage?.headersSent) {
    const problem = problemOfParser(error)
    const body = JSON.stringify(problem)
    const fields = { ...PROBLEM_JSON, 'Content-Length': Buffer.byteLength(body), Connection: 'close' }
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.write(`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${lines.join('')}\r\n${body}`)
  }
  socket.destroy(error)
}

function problemOfParser({ code, message }: NodeJS.ErrnoException): Problem {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new Problem('HEADERS_TOO_LARGE', `The headers must not exceed ${MAX_HEADER_BYTES} bytes.`)
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    const seconds = `the headers within ${HEADERS_TIMEOUT_MS / 1_000} s and all of it within ${REQUEST_TIMEOUT_MS / 1_000} s`
    return new Problem('REQUEST_TIMEOUT', `The request is too slow: send ${seconds}.`)
  }
  return new Problem('VALIDATION_FAILED', `request: is not HTTP/1.1: ${message}.`, { extensions: { field: 'request' } })
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
