import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { encodeErrorResult, type Hex, parseAbi } from 'viem'
import { afterAll, describe, expect, it } from 'vitest'
import { createChainClient } from '../../core/node/chainClient.ts'
import { createAnvilClient } from '../../tools/devnet/anvilClient.ts'

const contract = '0x5FbDB2315678afecb367f032d93F642f64180aa3'
const offchainLookup = parseAbi([
  'error OffchainLookup(address sender, string[] urls, bytes callData, bytes4 callbackFunction, bytes extraData)',
])

const running = new AsyncDisposableStack()
afterAll(() => running.disposeAsync())

/** A server that answers every request with JSON. @returns its origin and the requests it got. */
async function serve(answer: (body: { id: number }) => object, status = 200) {
  const requests: IncomingMessage[] = []
  const server = createServer(async (request, response) => {
    requests.push(request)
    const body = JSON.parse((await request.toArray()).join('') || '{}')
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer(body)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  running.defer(() => void server.close())
  return { requests, port: (server.address() as AddressInfo).port }
}

const refuse = (id: number, data: Hex) => ({
  jsonrpc: '2.0',
  id,
  error: { code: 3, message: 'execution reverted', data },
})

describe.each([
  ['createChainClient', createChainClient],
  ['createAnvilClient', createAnvilClient],
])('%s', (_, create) => {
  it('does not fetch a URL that a contract returns', async () => {
    const named = await serve(() => ({ data: '0x' }))
    const args = [contract, [`http://127.0.0.1:${named.port}/{sender}`], '0x', '0x12345678', '0x'] as const
    const data = encodeErrorResult({ abi: offchainLookup, errorName: 'OffchainLookup', args })
    const node = await serve(({ id }) => refuse(id, data))
    const calling = create(`http://127.0.0.1:${node.port}`).call({ to: contract, data: '0x' })
    await expect(calling).rejects.toThrow('execution reverted')
    expect([node.requests.length, named.requests.length]).toEqual([1, 0])
  })
})

describe('createChainClient', () => {
  it('sends path, query and user info of its URL to the node, and leaves them out of errors', async () => {
    const node = await serve(({ id }) => refuse(id, '0x'), 500)
    const client = createChainClient(`http://user:pass%20word@127.0.0.1:${node.port}/v2/KEY?token=TOKEN`, {
      http: { retryCount: 0 },
    })
    const error = await client.request({ method: 'eth_call', params: [{ to: contract }] }).catch((reason) => reason)
    const [request] = node.requests
    expect(request?.url).toBe('/v2/KEY?token=TOKEN')
    expect(request?.headers.authorization).toBe(`Basic ${btoa('user:pass word')}`)
    const shown = inspect(error, { depth: 10, showHidden: true })
    expect(shown).toContain(`http://127.0.0.1:${node.port}`)
    expect(shown).not.toMatch(/KEY|TOKEN|pass|user:/)
  })
})
