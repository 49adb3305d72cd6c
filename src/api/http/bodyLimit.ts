import type { IncomingMessage } from 'node:http'
import { finished } from 'node:stream/promises'
import type { HttpBindings } from '@hono/node-server'
import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { answerProblem } from './errorHandler.ts'
import { Problem } from './errors.ts'

/** In bytes. A claim with an ERC-1271 signature is a few thousand. */
const MAX_BODY = 32 * 1024

/** For how long the rest of a body that is too large is read, for a client that is slow to notice. Milliseconds. */
const LINGER = 5_000

const limitBody = bodyLimit({ maxSize: MAX_BODY, onError: refuseBody })

/** Answers 413 to a larger body. A GET is spared: looking for its body would cost node-server a whole Request object. */
export const limitPostedBody: MiddlewareHandler = (c, next) => (c.req.method === 'POST' ? limitBody(c, next) : next())

/**
 * The connection closes, for no request can follow a body of which the rest is not read. But if it closed at once, a client
 * that still sends would fail at that and not read the answer. So the answer, whose length it knows, ends later.
 */
async function refuseBody(c: Context): Promise<Response> {
  const problem = new Problem('PAYLOAD_TOO_LARGE', `The body must not exceed ${MAX_BODY} bytes.`, {
    headers: { Connection: 'close' },
  })
  const answer = answerProblem(c, problem)
  // Only our host serves by node-server.
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
  // The Request that reads it would keep what it gets, and pause.
  incoming.removeAllListeners('data').resume()
  await finished(incoming, { writable: false, signal: AbortSignal.timeout(LINGER) }).catch(() => undefined)
}
