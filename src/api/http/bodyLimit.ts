import type { IncomingMessage } from 'node:http'
import { finished } from 'node:stream/promises'
import type { HttpBindings } from '@hono/node-server'
import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { answerProblem } from './errorHandler.ts'
import { Problem } from './errors.ts'

/** A claim with an ERC-1271 signature has a few thousand bytes. */
const MAX_BODY_BYTES = 32 * 1024

/** How long the rest of a body that is too large is read and discarded. */
const DISCARD_TIMEOUT_MS = 5_000

const limitBody = bodyLimit({ maxSize: MAX_BODY_BYTES, onError: refuseBody })

/**
 * Answers 413 to a larger body. Hono's middleware looks for the body, for which node-server creates a web-standard
 * Request with a stream, and reading a claim from that takes several times as long. So it gets only bodies of unknown
 * length: HTTP parsers enforce a `Content-Length`.
 */
export const limitPostedBody: MiddlewareHandler = (c, next) => {
  if (c.req.method !== 'POST' && c.req.method !== 'DELETE') return next()
  const length = c.req.header('Content-Length')
  if (length === undefined || c.req.header('Transfer-Encoding') !== undefined) return limitBody(c, next)
  return Number(length) <= MAX_BODY_BYTES ? next() : refuseBody(c)
}

/**
 * Closes the connection, because no request can follow a body that is not read to its end. If it closed at once, a
 * client that is still sending would get a connection error instead of the answer. So the answer has a
 * `Content-Length`, and its stream ends once the rest of the body has arrived, or after a timeout.
 */
async function refuseBody(c: Context): Promise<Response> {
  const problem = new Problem('PAYLOAD_TOO_LARGE', `The body must not exceed ${MAX_BODY_BYTES} bytes.`, {
    headers: { Connection: 'close' },
  })
  const answer = answerProblem(c, problem)
  // Only our own server runs on node-server.
  const { incoming } = (c.env ?? {}) as Partial<HttpBindings>
  if (!incoming) return answer
  const bytes = await answer.bytes()
  const body = new ReadableStream({
    async start(controller) {
      controller.enqueue(bytes)
      await discardRest(incoming as IncomingMessage)
      controller.close()
    },
  })
  answer.headers.set('Content-Length', String(bytes.length))
  return new Response(body, answer)
}

async function discardRest(incoming: IncomingMessage) {
  // The Request that reads the body would store what it gets, and pause.
  incoming.removeAllListeners('data').resume()
  await finished(incoming, { writable: false, signal: AbortSignal.timeout(DISCARD_TIMEOUT_MS) }).catch(() => undefined)
}
