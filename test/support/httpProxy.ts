import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * A fault of one request between client and API.
 * - `pass`: none.
 * - `refuse`: the connection breaks before the API gets the request.
 * - `lose`: the API gets the request, and its answer is lost.
 * - `cut`: half of the answer's body arrives.
 * - an object: the proxy answers with it.
 */
export type HttpFault =
  | 'pass'
  | 'refuse'
  | 'lose'
  | 'cut'
  | { status: number; headers?: Record<string, string>; body: string }

/** Marks an answer that is not the API's, so that it is not compared with the API's description. */
export const FAULT_HEADER = 'X-Fault'

/** A server between client and API that applies one fault per request, in order; then all requests pass. */
export async function startHttpProxy(target: string) {
  const faults: HttpFault[] = []
  const requests: string[] = []

  async function handle(request: IncomingMessage, response: ServerResponse) {
    const body = (await request.toArray()).join('')
    requests.push(`${request.method} ${request.url}`)
    const fault = faults.shift() ?? 'pass'
    if (fault === 'refuse') return request.socket.destroy()
    if (typeof fault === 'object') {
      return response.writeHead(fault.status, { ...fault.headers, [FAULT_HEADER]: 'true' }).end(fault.body)
    }
    const { method = 'GET' } = request
    const headers = Object.entries(request.headers).filter(
      ([name]) => !['host', 'connection', 'content-length'].includes(name),
    )
    const answer = await fetch(target + request.url, {
      method,
      headers: headers as [string, string][],
      ...(method === 'POST' && { body }),
    })
    const text = await answer.text()
    if (fault === 'lose') return request.socket.destroy()
    response.writeHead(answer.status, {
      ...Object.fromEntries(
        [...answer.headers].filter(([name]) => !['connection', 'transfer-encoding'].includes(name)),
      ),
      'content-length': Buffer.byteLength(text),
    })
    if (fault === 'pass') return response.end(text)
    response.write(text.slice(0, text.length / 2), () => request.socket.destroy())
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error) => response.destroy(error))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    /** The faults of the next requests, in order. */
    faults,
    /** Method and path of every request. */
    requests,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
