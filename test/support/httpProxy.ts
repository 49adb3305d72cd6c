import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * What happens to a request on its way to the API.
 * - `pass`: nothing.
 * - `refuse`: the connection breaks before the API gets it.
 * - `lose`: the API gets it, and its answer is lost.
 * - `cut`: half of the answer's body arrives.
 * - an object: a server in between says this.
 */
export type HttpFault =
  | 'pass'
  | 'refuse'
  | 'lose'
  | 'cut'
  | { status: number; headers?: Record<string, string>; body: string }

/** A server between client and API, with a fault for each request in turn; `pass` once there are no more. */
export async function startHttpProxy(target: string) {
  const faults: HttpFault[] = []
  const requests: string[] = []

  async function handle(request: IncomingMessage, response: ServerResponse) {
    const body = (await request.toArray()).join('')
    requests.push(`${request.method} ${request.url}`)
    const fault = faults.shift() ?? 'pass'
    if (fault === 'refuse') return request.socket.destroy()
    if (typeof fault === 'object') return response.writeHead(fault.status, fault.headers).end(fault.body)
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
    /** What happens to the next requests, in order. */
    faults,
    /** Method and path of each request so far. */
    requests,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
