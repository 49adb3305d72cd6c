import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Api } from '../../tools/devnet/api.ts'
import { startIndexApi } from '../support/indexApi.ts'
import { seedTime, wallet } from '../support/rows.ts'
import { type IndexedDatabase, indexedDatabase } from './indexedDatabase.ts'

let index: IndexedDatabase
let api: Api

beforeAll(async () => {
  index = await indexedDatabase()
  await index.create()
  await index.moveTo({ number: 10n, timestamp: seedTime })
})

afterEach(() => api.stop())

afterAll(async () => {
  await index.close()
})

async function start(env: Record<string, string>) {
  api = await startIndexApi(index.url, env)
}

async function get(path: string, headers: Record<string, string> = {}) {
  const response = await fetch(api.url + path, { headers })
  return { status: response.status, headers: response.headers, body: await response.text() }
}

/** Sends `count` requests, one after the other, that the response cache cannot answer. @returns their statuses. */
async function statuses(count: number, headersOf: (position: number) => Record<string, string> = () => ({})) {
  const seen: number[] = []
  for (let position = 0; position < count; position++) {
    seen.push((await get(`/api/runs/${1_000 + position}`, headersOf(position))).status)
  }
  return seen
}

describe('requests of one address', () => {
  it('beyond the limit are refused, with the seconds to wait', async () => {
    await start({ REQUESTS_PER_MINUTE: '4' })
    expect(await statuses(4)).toEqual([404, 404, 404, 404])
    const refused = await get('/api/runs/7', { Origin: 'https://market.example', 'X-Request-Id': 'mine' })
    expect(refused.status).toBe(429)
    expect(Object.fromEntries(refused.headers)).toMatchObject({
      'content-type': 'application/problem+json',
      'retry-after': expect.stringMatching(/^1[45]$/),
      'access-control-allow-origin': '*',
      'access-control-expose-headers': '*',
      'cache-control': 'no-store',
      'x-request-id': 'mine',
    })
    expect(JSON.parse(refused.body)).toEqual({
      type: 'urn:problem-type:runline:RATE_LIMITED',
      title: 'Too many requests',
      status: 429,
      detail: expect.stringMatching(/^127\.0\.0\.1 may send 4 requests a minute\. Try again in 1[45] s\.$/),
      code: 'RATE_LIMITED',
    })
  })

  it('beyond the limit are refused on any route, claims included', async () => {
    await start({ REQUESTS_PER_MINUTE: '1' })
    await statuses(1)
    const claim = await fetch(`${api.url}/api/runs/1/claim`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ agentId: 1, walletAddress: wallet }),
    })
    expect([claim.status, claim.headers.get('Access-Control-Allow-Origin')]).toEqual([429, '*'])
    expect((await get('/healthz')).status).toBe(200)
  })

  it.each(['/openapi.json', '/docs', '/docs/start.js', '/nowhere', '/metrics', '/'])(
    'beyond the limit are refused also for %s',
    async (path) => {
      await start({ REQUESTS_PER_MINUTE: '3' })
      const answers = []
      for (let asked = 0; asked < 4; asked++) answers.push((await get(path)).status)
      expect(answers.slice(0, 3)).not.toContain(429)
      expect(answers[3]).toBe(429)
      const preflight = await fetch(api.url + path, { method: 'OPTIONS' })
      expect(preflight.status).toBe(429)
    },
  )

  it.each(['/healthz', '/readyz'])('for %s have a separate limit, and none on the operator’s port', async (path) => {
    await start({ REQUESTS_PER_MINUTE: '3', PROBES_PER_MINUTE: '3' })
    expect(await statuses(4)).toEqual([404, 404, 404, 429])
    const answers = []
    for (let asked = 0; asked < 4; asked++) answers.push((await get(path)).status)
    expect(answers).toEqual([200, 200, 200, 429])
    // A refusal is delayed, so that a client that repeats it at once costs the process little.
    const start429 = performance.now()
    expect((await get(path)).status).toBe(429)
    expect(performance.now() - start429).toBeGreaterThan(900)
    for (let asked = 0; asked < 4; asked++) expect((await fetch(api.opsUrl + path)).status).toBe(200)
  })

  it('are not counted if the response cache answers them', async () => {
    await start({ REQUESTS_PER_MINUTE: '60' })
    const { headers } = await get('/api/runs?limit=3')
    const etag = headers.get('ETag') ?? ''
    // A few at a time: all at once would share one read instead of the cache.
    for (let round = 0; round < 50; round++) {
      const asked = Array.from({ length: 10 }, () => get('/api/runs?limit=3', { 'If-None-Match': etag }))
      for (const { status } of await Promise.all(asked)) expect(status).toBe(304)
    }
  })

  it('are counted by the address that the trusted proxy added, despite forged entries', async () => {
    await start({ REQUESTS_PER_MINUTE: '3', TRUST_PROXY: '1' })
    const forged = (position: number) => ({ 'X-Forwarded-For': `198.51.100.${position}, 203.0.113.7` })
    expect(await statuses(5, forged)).toEqual([404, 404, 404, 429, 429])
    expect(await statuses(1, () => ({ 'X-Forwarded-For': '203.0.113.8' }))).toEqual([404])
    const sameNetwork = (position: number) => ({ 'X-Forwarded-For': `2001:db8::${position}` })
    expect(await statuses(4, sameNetwork)).toEqual([404, 404, 404, 429])
    const garbage = (position: number) => ({ 'X-Forwarded-For': `not-an-address-${position}` })
    expect(await statuses(4, garbage)).toEqual([404, 404, 404, 429])
  })

  it('are counted by the connection’s address where no proxy is trusted', async () => {
    await start({ REQUESTS_PER_MINUTE: '3' })
    const forged = (position: number) => ({ 'X-Forwarded-For': `198.51.100.${position}` })
    expect(await statuses(4, forged)).toEqual([404, 404, 404, 429])
  })
})
