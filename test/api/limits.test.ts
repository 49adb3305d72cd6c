import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Api } from '../../tools/devnet/api.ts'
import { startIndexApi } from '../support/indexApi.ts'
import { seedTime, wallet } from '../support/rows.ts'
import { emptyIndex, type IndexedDatabase } from './indexedDatabase.ts'

/** Each test has an address of its own. */
const LIMIT = 4

let index: IndexedDatabase
/** Behind a proxy that adds the address of the client. */
let api: Api
/** Trusts no proxy. */
let direct: Api

beforeAll(async () => {
  index = await emptyIndex()
  await index.moveTo({ number: 10n, timestamp: seedTime })
  const limits = { REQUESTS_PER_MINUTE: String(LIMIT), PROBES_PER_MINUTE: String(LIMIT), TRUST_PROXY: '1' }
  ;[api, direct] = await Promise.all([
    startIndexApi(index.url, limits),
    startIndexApi(index.url, { REQUESTS_PER_MINUTE: '60' }),
  ])
})

afterAll(async () => {
  await Promise.all([api.stop(), direct.stop()])
  await index.close()
})

const from = (address: string) => ({ 'X-Forwarded-For': address })

async function get(path: string, headers: Record<string, string> = {}, url = api.url) {
  const response = await fetch(url + path, { headers })
  return { status: response.status, headers: response.headers, body: await response.text() }
}

/** Sends `count` requests, one after the other, that the response cache cannot answer. @returns their statuses. */
async function statuses(count: number, headersOf: (position: number) => Record<string, string>) {
  const seen: number[] = []
  for (let position = 0; position < count; position++) {
    seen.push((await get(`/api/runs/${1_000 + position}`, headersOf(position))).status)
  }
  return seen
}

const allowed = Array(LIMIT).fill(404)

describe('requests of one address', () => {
  it('beyond the limit are refused, with the seconds to wait', async () => {
    const address = from('203.0.113.1')
    expect(await statuses(LIMIT, () => address)).toEqual(allowed)
    const refused = await get('/api/runs/7', { ...address, Origin: 'https://market.example', 'X-Request-Id': 'mine' })
    expect(refused.status).toBe(429)
    expect(Object.fromEntries(refused.headers)).toMatchObject({
      'content-type': 'application/problem+json',
      'retry-after': expect.stringMatching(/^1?\d$/),
      'access-control-allow-origin': '*',
      'access-control-expose-headers': '*',
      'cache-control': 'no-store',
      'x-request-id': 'mine',
      'ratelimit-policy': '"requests";q=4;w=60',
      ratelimit: expect.stringMatching(/^"requests";r=0;t=1?\d$/),
    })
    expect(JSON.parse(refused.body)).toEqual({
      type: 'urn:problem-type:runline:RATE_LIMITED',
      title: 'Too many requests',
      status: 429,
      detail: expect.stringMatching(/^203\.0\.113\.1 may send 4 requests a minute\. Try again in 1?\d s\.$/),
      code: 'RATE_LIMITED',
    })
  })

  it('say how many are left, unless caches may keep the answer', async () => {
    const address = from('203.0.113.9')
    const limitsIn = ({ headers }: { headers: Headers }) => [headers.get('RateLimit-Policy'), headers.get('RateLimit')]
    expect(limitsIn(await get('/api/runs/7', address))).toEqual(['"requests";q=4;w=60', '"requests";r=3;t=15'])
    for (const path of ['/api/runs?limit=9', '/api/runs?limit=9', '/api/market']) {
      expect([path, ...limitsIn(await get(path, address))]).toEqual([path, null, null])
    }
    const [, left] = limitsIn(await fetch(`${api.url}/api/nowhere`, { method: 'POST', headers: address }))
    expect(left).toMatch(/^"requests";r=0;t=1\d$/)
    expect(limitsIn(await get('/healthz', address))).toEqual(['"probes";q=4;w=60', '"probes";r=3;t=15'])
    expect(limitsIn(await fetch(`${api.opsUrl}/healthz`))).toEqual([null, null])
  })

  it('beyond the limit are refused on any route, claims included, but not its probes', async () => {
    const address = from('203.0.113.2')
    await statuses(LIMIT, () => address)
    const paths = ['/openapi.json', '/docs', '/docs/start.js', '/nowhere', '/metrics', '/']
    const sent = paths.flatMap((path) => [
      fetch(api.url + path, { headers: address }),
      fetch(api.url + path, { method: 'OPTIONS', headers: address }),
    ])
    for (const { url, status } of await Promise.all(sent)) expect([url, status]).toEqual([url, 429])
    const body = JSON.stringify({ agentId: 1, walletAddress: wallet })
    const headers = { ...address, 'Content-Type': 'application/json' }
    const claim = await fetch(`${api.url}/api/runs/1/claim`, { method: 'POST', headers, body })
    expect([claim.status, claim.headers.get('Access-Control-Allow-Origin')]).toEqual([429, '*'])
    expect((await get('/healthz', address)).status).toBe(200)
  })

  it('are counted on any route', async () => {
    const countOn = async (path: string, place: number) => {
      const address = from(`198.51.100.${place}`)
      const seen: number[] = []
      for (let asked = 0; asked <= LIMIT; asked++) seen.push((await get(path, address)).status)
      expect([path, seen.indexOf(429)]).toEqual([path, LIMIT])
    }
    await Promise.all(['/openapi.json', '/docs', '/docs/start.js', '/nowhere', '/metrics', '/'].map(countOn))
  })

  it.each(['/healthz', '/readyz'])('for %s have a separate limit, and none on the operator’s port', async (path) => {
    const address = from(`192.0.2.${path.length}`)
    expect(await statuses(LIMIT, () => address)).toEqual(allowed)
    for (let asked = 0; asked < LIMIT; asked++) expect((await get(path, address)).status).toBe(200)
    // A refusal is delayed, so that a client that repeats it at once costs the process little.
    const start429 = performance.now()
    expect((await get(path, address)).status).toBe(429)
    expect(performance.now() - start429).toBeGreaterThan(900)
    for (let asked = 0; asked <= LIMIT; asked++) {
      expect((await fetch(api.opsUrl + path, { headers: address })).status).toBe(200)
    }
  })

  it('are counted by the address that the trusted proxy added, despite forged entries', async () => {
    const forged = (position: number) => from(`198.51.100.${position}, 203.0.113.7`)
    expect(await statuses(LIMIT + 1, forged)).toEqual([...allowed, 429])
    expect(await statuses(1, () => from('203.0.113.8'))).toEqual([404])
    const sameNetwork = (position: number) => from(`2001:db8::${position}`)
    expect(await statuses(LIMIT + 1, sameNetwork)).toEqual([...allowed, 429])
    const garbage = (position: number) => from(`not-an-address-${position}`)
    expect(await statuses(LIMIT + 1, garbage)).toEqual([...allowed, 429])
  })

  it('are not counted if the response cache answers them', async () => {
    const { headers } = await get('/api/runs?limit=3', {}, direct.url)
    const etag = headers.get('ETag') ?? ''
    // A few at a time: all at once would share one read instead of the cache.
    for (let round = 0; round < 20; round++) {
      const asked = Array.from({ length: 10 }, () => get('/api/runs?limit=3', { 'If-None-Match': etag }, direct.url))
      for (const { status } of await Promise.all(asked)) expect(status).toBe(304)
    }
  })

  it('are counted by the connection’s address where no proxy is trusted', async () => {
    const asked = Array.from({ length: 80 }, (_, place) =>
      get(`/api/runs/${1_000 + place}`, from(`198.51.100.${place}`), direct.url),
    )
    const seen = (await Promise.all(asked)).map(({ status }) => status)
    expect(new Set(seen)).toEqual(new Set([404, 429]))
  })
})
