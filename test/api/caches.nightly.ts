import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run, runEvent } from '../../ponder.schema.ts'
import type { Api } from '../../tools/devnet/api.ts'
import { startIndexApi } from '../support/indexApi.ts'
import { checkpointOf } from '../support/indexedTables.ts'
import { eventOf, openRun, seedTime } from '../support/rows.ts'
import { type HttpCache, hasHttpCache, httpCaches, startHttpCache } from './httpCaches.ts'
import { blockHash, emptyIndex, type IndexedDatabase } from './indexedDatabase.ts'

/** No answer is older: a second in the cache, which may count whole seconds, and what the API itself may be behind. */
const MAX_AGE_MS = 2_500

let index: IndexedDatabase
let api: Api
let head = 10n

/** Indexes the next block, with its number as the reward of run 1. */
async function indexNext() {
  head++
  await index.moveTo({ number: head, timestamp: seedTime }, (tx) => tx.update(run).set({ reward: head }))
}

/** How many requests for a route the API itself has answered. */
async function answered(route: string, method = 'GET') {
  const metrics = await (await fetch(`${api.opsUrl}/metrics`)).text()
  const counts = metrics.matchAll(/^http_request_duration_seconds_count{method="(\w+)",route="([^"]+)",.*} (\d+)$/gm)
  const own = [...counts].filter(([, verb, path]) => verb === method && path === route)
  return own.reduce((total, [, , , count]) => total + Number(count), 0)
}

beforeAll(async () => {
  index = await emptyIndex()
  await index.db.insert(run).values(openRun(1n))
  await indexNext()
  api = await startIndexApi(index.url, { TRUST_PROXY: '1' })
})

afterAll(async () => {
  await api.stop()
  await index.close()
})

for (const name of Object.keys(httpCaches) as HttpCache[]) {
  describe.skipIf(!hasHttpCache(name))(`behind ${name}`, () => {
    let cache: Awaited<ReturnType<typeof startHttpCache>>
    /** Makes the URLs of a test its own, because entries outlive a test. */
    let test = 0

    beforeAll(async () => {
      cache = await startHttpCache(name, api.port)
      return cache.stop
    })

    const list = () => `/api/runs?limit=${++test}`

    async function get(path: string, headers: Record<string, string> = {}) {
      const response = await fetch(cache.url + path, { headers })
      const text = await response.text()
      const block = Number(response.headers.get('X-Indexed-Block'))
      return { status: response.status, headers: response.headers, text, block, body: text && JSON.parse(text) }
    }

    it('of many requests for one URL at most two a second reach the API', async () => {
      const path = list()
      const before = await answered('/api/runs')
      const start = performance.now()
      for (let round = 0; round < 40; round++) {
        const answers = await Promise.all(Array.from({ length: 25 }, () => get(path)))
        expect(answers.map(({ status }) => status)).toEqual(Array(25).fill(200))
      }
      const seconds = (performance.now() - start) / 1_000
      expect((await answered('/api/runs')) - before).toBeLessThanOrEqual(2 * Math.ceil(seconds))
    })

    it('an answer is not older than two and a half seconds, also at a URL that is seldom requested', async () => {
      const path = list()
      const first = await get(path)
      await indexNext()
      await sleep(MAX_AGE_MS)
      const later = await get(path)
      expect([first.block, later.block]).toEqual([Number(head) - 1, Number(head)])
      expect(later.body.runs[0].reward).toBe(String(head))
      await indexNext()
      const indexed = performance.now()
      await expect.poll(async () => (await get(path)).block, { timeout: MAX_AGE_MS, interval: 20 }).toBe(Number(head))
      expect(performance.now() - indexed).toBeLessThan(MAX_AGE_MS)
    })

    it('an answer is never of a block before minBlock', async () => {
      const path = list()
      await get(path)
      for (let round = 0; round < 5; round++) {
        await indexNext()
        const cached = await get(`${path}&minBlock=${head - 1n}`)
        const written = await get(`${path}&minBlock=${head}`)
        expect(cached.block).toBeGreaterThanOrEqual(Number(head) - 1)
        expect([written.status, written.block]).toEqual([200, Number(head)])
        expect(written.body.runs[0].reward).toBe(String(head))
      }
    })

    it('a client that has the answer gets 304, and the next block with its headers', async () => {
      const path = list()
      const first = await get(path)
      const etag = first.headers.get('ETag') ?? ''
      const same = await get(path, { 'If-None-Match': etag })
      expect([same.status, same.text]).toEqual([304, ''])
      // The cache asks with the ETag too. An answer that is the same but for its block must not keep the old block's name.
      head++
      await index.moveTo({ number: head, timestamp: seedTime })
      await sleep(MAX_AGE_MS)
      const next = await get(path, { 'If-None-Match': etag })
      expect([next.status, next.block, next.text]).toEqual([200, Number(head), first.text])
    })

    it('what clients share names no request, and refusals are not kept', async () => {
      const shared = [await get('/api/stats'), await get('/api/stats'), await get('/api/market')]
      expect(shared.map(({ headers }) => headers.get('X-Request-Id'))).toEqual([null, null, null])
      const id = head + 1_000n
      const absent = [await get(`/api/runs/${id}`), await get(`/api/runs/${id}`)]
      expect(absent.map(({ status }) => status)).toEqual([404, 404])
      const [one, other] = absent.map(({ headers }) => headers.get('X-Request-Id'))
      expect([one, one === other]).toEqual([expect.any(String), false])
      head++
      const block = { number: head, timestamp: seedTime }
      await index.moveTo(block, (tx) => tx.insert(run).values(openRun(id, { reward: head })))
      expect((await get(`/api/runs/${id}`)).status).toBe(200)
    })

    it('a page of the board is kept as the lists are', async () => {
      const page = async () => (await fetch(`${cache.url}/market`, { headers: { Accept: 'text/html' } })).headers
      const before = await answered('/market')
      // It is kept for a second, and nginx counts whole ones.
      await sleep(1_050 - (Date.now() % 1_000))
      const first = await page()
      expect(first.get('Cache-Control')).toBe('public, max-age=0, s-maxage=1')
      expect((await page()).get('ETag')).toBe(first.get('ETag'))
      expect((await answered('/market')) - before).toBe(1)
    })

    it('each POST reaches the API', async () => {
      const route = '/api/runs/:id/claim'
      const before = await answered(route, 'POST')
      const body = JSON.stringify({ agentId: 1, walletAddress: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8' })
      const headers = { 'Content-Type': 'application/json' }
      for (let round = 0; round < 2; round++) {
        const response = await fetch(`${cache.url}/api/runs/1/claim`, { method: 'POST', headers, body })
        expect([response.status, response.headers.get('Cache-Control')]).toEqual([503, 'no-store'])
      }
      expect((await answered(route, 'POST')) - before).toBe(2)
    })

    it('a stream passes at once', async () => {
      const leaving = new AbortController()
      const response = await fetch(`${cache.url}/api/stream`, { signal: leaving.signal })
      const reader = (response.body as ReadableStream<Uint8Array>).getReader()
      let received = ''
      const reading = (async () => {
        while (!received.includes('event: run')) received += Buffer.from((await reader.read()).value ?? []).toString()
      })()
      head++
      const block = { number: head, timestamp: seedTime }
      const id = checkpointOf(block, 1n)
      const event = eventOf(1n, 1, { id, name: 'BountyFunded', blockNumber: head, blockHash: blockHash(head) })
      await index.moveTo(block, (tx) => tx.insert(runEvent).values(event))
      await Promise.race([reading, sleep(MAX_AGE_MS)])
      leaving.abort()
      expect(received).toContain('event: run')
    })
  })
}
