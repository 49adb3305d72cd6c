import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * What happens to a request of one method.
 * - `drop`: the node gets it, and its answer is lost.
 * - `refuse`: the connection is closed before the node gets it.
 * - `hang`: nobody ever answers.
 * - an object: the node says this, without having got it.
 */
export type Fault = 'drop' | 'refuse' | 'hang' | { status?: number; error?: { code: number; message: string } }

type Call = { id: number; method: string; params: unknown[] }

/** A node's RPC endpoint with faults, which are chosen for each call; none means that it goes through. */
export async function startRpcProxy(target: string, faultOf: (method: string) => Fault | undefined) {
  const calls: string[] = []

  async function answer(request: IncomingMessage, response: ServerResponse) {
    const body = (await request.toArray()).join('')
    const call = JSON.parse(body) as Call
    calls.push(call.method)
    const fault = faultOf(call.method)
    if (fault === 'hang') return
    if (fault === 'refuse') return request.socket.destroy()
    if (typeof fault === 'object') return respond(response, fault.status, { id: call.id, error: fault.error })
    const headers = { 'Content-Type': 'application/json' }
    const forwarded = await fetch(target, { method: 'POST', headers, body })
    const text = await forwarded.text()
    if (fault === 'drop') return request.socket.destroy()
    response.writeHead(200, headers).end(text)
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error) => response.destroy(error))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function respond(response: ServerResponse, status = 200, body: object) {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', ...body }))
}
