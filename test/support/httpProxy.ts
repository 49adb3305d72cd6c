import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

type Asked = { method: string; path: string; headers: IncomingHttpHeaders; body: string }

export type Answer = { status: number; headers: Record<string, string>; body: string }

/**
 * How a request ends without a whole answer: `hang`: it gets none; `close`: the connection closes; `reset`: it is reset; an
 * object: half of the answer's body arrives, and the connection closes.
 */
type Broken = 'hang' | 'close' | 'reset' | { half: Answer }

type Passed = { path?: string; headers?: Record<string, string>; body?: string }

/** Answers a request. `forward` passes it on, with another path, other headers or another body if given, and has the target's answer. */
type Rule = (asked: Asked, forward: (changed?: Passed) => Promise<Answer>) => Answer | Broken | Promise<Answer | Broken>

/** Headers of one connection, or of a body that is not decoded. */
const ofConnection = ['host', 'connection', 'content-length', 'content-encoding', 'transfer-encoding']

const passedOn = (headers: Iterable<[string, unknown]>) =>
  Object.fromEntries([...headers].filter(([name]) => !ofConnection.includes(name))) as Record<string, string>

/** An HTTP server that answers each request as the rule says. */
export async function startHttpProxy(target: string, rule: Rule) {
  const ending = new AbortController()

  async function serve(request: IncomingMessage, response: ServerResponse) {
    const { method = 'GET', url: path = '/', headers } = request
    const body = (await request.toArray()).join('')
    const forward = async (changed: Passed = {}): Promise<Answer> => {
      const init = { path, headers: passedOn(Object.entries(headers)), body, ...changed }
      const hasBody = method !== 'GET' && method !== 'HEAD'
      const answer = await fetch(target + init.path, {
        method,
        headers: init.headers,
        signal: ending.signal,
        ...(hasBody && { body: init.body }),
      })
      return { status: answer.status, headers: passedOn(answer.headers), body: await answer.text() }
    }
    const answer = await rule({ method, path, headers, body }, forward)
    if (answer === 'hang') return
    if (answer === 'reset') return response.socket?.resetAndDestroy()
    // The request's own `destroy` leaves the socket open once its body has been read.
    if (answer === 'close') return response.destroy()
    const whole = 'half' in answer ? answer.half : answer
    response.writeHead(whole.status, { ...whole.headers, 'Content-Length': Buffer.byteLength(whole.body) })
    if (!('half' in answer)) return response.end(whole.body)
    response.write(whole.body.slice(0, whole.body.length / 2), () => response.destroy())
  }

  const server = createServer((request, response) => {
    // A request that cannot be passed on looks to the client like a broken connection, also while the proxy is stopping.
    serve(request, response).catch((error) => response.destroy(error))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      ending.abort()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
