import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What was asked since the last `reset`: calls by their method, those of batches too, and bytes of both directions. */
type Use = { calls: Map<string, number>; bytes: number }

export type MeteredNode = Awaited<ReturnType<typeof startMeteredNode>>

/** An endpoint that passes each request on to the node, batches as they are, and counts as a provider does. */
export async function startMeteredNode(target: string) {
  let use: Use = { calls: new Map(), bytes: 0 }
  const headers = { 'Content-Type': 'application/json' }

  async function serve(request: IncomingMessage, response: ServerResponse) {
    const body = (await request.toArray()).join('')
    const answer = await (await fetch(target, { method: 'POST', headers, body })).text()
    const calls: { method: string }[] = [JSON.parse(body)].flat()
    for (const { method } of calls) use.calls.set(method, (use.calls.get(method) ?? 0) + 1)
    use.bytes += Buffer.byteLength(body) + Buffer.byteLength(answer)
    response.writeHead(200, headers).end(answer)
  }

  const server = createServer((request, response) => {
    // To the client, a node that has stopped looks like a broken connection.
    serve(request, response).catch((error) => response.destroy(error))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    use: () => use,
    reset() {
      use = { calls: new Map(), bytes: 0 }
    },
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export const countCalls = ({ calls }: Use): number => [...calls.values()].reduce((sum, count) => sum + count, 0)
