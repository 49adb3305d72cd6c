import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { FAULT_HEADER } from './httpProxy.ts'

export type LyingApi = Awaited<ReturnType<typeof startLyingApi>>

/** Changes the JSON of an answer to a GET of this path. */
type Lie = (json: Record<string, unknown>, path: string) => object

/** A server between client and API that changes answers, once it has a lie. */
export async function startLyingApi(target: string) {
  let lie: Lie = (json) => json

  async function handle({ url = '' }: IncomingMessage, response: ServerResponse) {
    const answer = await fetch(target + url)
    const json = lie((await answer.json()) as Record<string, unknown>, url)
    const names = ['Content-Type', 'X-Indexed-Block', 'X-Indexed-Hash']
    const headers = names.map((name) => [name, answer.headers.get(name)] as const).filter(([, value]) => value !== null)
    response
      .writeHead(answer.status, { ...Object.fromEntries(headers), [FAULT_HEADER]: 'true' })
      .end(JSON.stringify(json))
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error) => response.destroy(error))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    /** The lie of all answers from now on. */
    answerWith(next: Lie) {
      lie = next
    },
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
