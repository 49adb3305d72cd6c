import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { startApi } from '../../../tools/devnet/api.ts'
import { sharedMarket, type TestMarket } from '../../support/market.ts'
import { participantsOf } from '../../support/participants.ts'
import { connect, mcpOn, tools } from './mcpClients.ts'

let market: TestMarket

beforeAll(async () => {
  market = await sharedMarket('signed')
}, 120_000)

/** The JSON-RPC message of an answer, which is JSON or one server-sent event. */
function messageOf(text: string) {
  const [, data = text] = /^data: (.*)$/m.exec(text) ?? []
  return JSON.parse(data)
}

describe('POST /mcp', () => {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' })
  const post = (headers: Record<string, string>, text = body, api = market.api.url) =>
    fetch(`${api}/mcp`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream', ...headers },
      body: text,
    })

  it('refuses web pages of other hosts, and accepts those of this machine', async () => {
    expect((await post({ Origin: 'https://pages.example' })).status).toBe(403)
    expect((await post({ Origin: 'http://localhost:6274' })).status).toBe(200)
  })

  it('refuses a body of more than 32 kB', async () => {
    const refused = await post({}, JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'x'.repeat(33_000) }))
    expect([refused.status, await refused.json()]).toMatchObject([413, { code: 'PAYLOAD_TOO_LARGE' }])
  })

  /** How many bytes the answer has. */
  const bytesOf = async (response: Response) => (await response.bytes()).length

  it('counts each message of a batch, and refuses more than ten', async () => {
    const env = { REQUESTS_PER_MINUTE: '25' }
    const limited = await startApi({ ...market, port: 0, env })
    onTestFinished(() => limited.stop())
    const batchOf = (count: number) =>
      JSON.stringify(Array.from({ length: count }, (_, id) => ({ jsonrpc: '2.0', id, method: 'tools/list' })))
    const large = await post({}, batchOf(100), limited.url)
    expect([large.status, await large.json()]).toMatchObject([
      400,
      { code: 'VALIDATION_FAILED', detail: 'body: must have at most 10 messages, got 100.', value: 100 },
    ])
    const first = await post({}, batchOf(10), limited.url)
    expect([first.status, await bytesOf(first)]).toEqual([200, expect.closeTo(110_000, -5)])
    expect((await post({}, batchOf(10), limited.url)).status).toBe(200)
    const refused = await post({}, batchOf(10), limited.url)
    expect([refused.status, await refused.json()]).toMatchObject([429, { code: 'RATE_LIMITED' }])
  })

  it('answers a list of the tools with the id of its request, whatever that is', async () => {
    const withId = (id: string | number) => JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/list' })
    const [first, second, third] = [
      await post({}, withId(1)),
      await post({}, withId('a"\nb')),
      await post({}, withId(7)),
    ]
    const results = await Promise.all([first, second, third].map(async (answer) => messageOf(await answer.text())))
    expect(results.map(({ id }) => id)).toEqual([1, 'a"\nb', 7])
    expect(new Set(results.map(({ result }) => JSON.stringify(result))).size).toBe(1)
    expect(results[0]?.result.tools).toHaveLength(tools.length)
    expect(second?.headers.get('Content-Type')).toBe(first?.headers.get('Content-Type'))
  })

  it('answers 405 to GET: it opens no stream', async () => {
    const refused = await fetch(`${market.api.url}/mcp`)
    expect([refused.status, refused.headers.get('Allow')]).toEqual([405, 'POST'])
  })

  it('opens no subscription', async () => {
    const { client } = await connect(mcpOn(market, participantsOf(market)).overHttp(), {
      versionNegotiation: { mode: 'auto' },
    })
    await expect(client.listen({ toolsListChanged: true })).rejects.toThrow('limit')
  })
})
