import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { type Context, Hono } from 'hono'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { run } from '../../ponder.schema.ts'
import { cacheResponses } from '../../src/api/cache/responseCache.ts'
import { openRun, seedTime } from '../support/rows.ts'
import { emptyIndex, type IndexedDatabase } from './indexedDatabase.ts'
import { type TestApi, testApi } from './testApi.ts'

const maxAge = 250

let index: IndexedDatabase
let api: TestApi
let clock: bigint

const block = (number: bigint) => ({ number, timestamp: seedTime })

beforeEach(async () => {
  clock = seedTime
  index = await emptyIndex()
  await index.moveTo(block(10n), (tx) => tx.insert(run).values(openRun(1n, { reward: 10n, deadline: seedTime + 60n })))
  api = await testApi(index.url, () => Number(clock) * 1_000)
})

afterEach(async () => {
  vi.useRealTimers()
  await api.close()
  await index.close()
})

type Asked = { request(path: string, init: RequestInit): Response | Promise<Response> }

/** Indexes a block, with its number as the reward of every run. */
const rewardBlock = (number: bigint) => index.moveTo(block(number), (tx) => tx.update(run).set({ reward: number }))

/** Counts the answers that are read. */
const countReads = () => api.countReads().transactions

it('repeats an answer, bytes and headers, without another read', async () => {
  // On a busy machine five requests may take longer than a cached answer is repeated.
  vi.useFakeTimers({ toFake: ['performance'] })
  await api.get('/api/runs/1')
  const reads = countReads()
  const answers: { bytes: string; headers: object }[] = []
  for (let request = 0; request < 5; request++) {
    const response = await api.app.request('/api/runs?limit=7', { headers: { 'X-Request-Id': 'one' } })
    expect(response.status).toBe(200)
    answers.push({ bytes: await response.text(), headers: Object.fromEntries(response.headers) })
  }
  expect(answers).toEqual(Array(5).fill(answers[0]))
  expect(reads()).toBe(1)
  await rewardBlock(11n)
  expect((await api.get('/api/runs?limit=7&minBlock=11')).status).toBe(200)
  for (let request = 0; request < 5; request++) await api.get('/api/runs?limit=7')
  expect(reads()).toBe(3)
  expect((await api.get('/api/runs?limit=7')).headers.get('X-Request-Id')).toBeNull()
})

it('answers the same with and without routing', async () => {
  const host = new Hono().route('/', api.app)
  const ask = async (app: Asked, known = '') => {
    const response = await app.request('/api/runs', { headers: { 'X-Request-Id': 'one', 'If-None-Match': known } })
    return { status: response.status, bytes: await response.text(), headers: Object.fromEntries(response.headers) }
  }
  const first = await ask(host)
  await ask(host)
  const reads = countReads()
  const { etag } = first.headers
  for (const app of [host, api.app]) {
    expect(await ask(app)).toEqual(first)
    const { 'content-type': _, ...headers } = first.headers
    expect(await ask(app, etag)).toEqual({ status: 304, bytes: '', headers })
  }
  expect(reads()).toBe(0)
})

it('reads once for many concurrent requests', async () => {
  // The first read of a process also reads the highest block that readers may have seen.
  await api.get('/api/runs/1')
  const reads = countReads()
  // A read that ends only after the last request has come.
  const client = await index.pool.connect()
  await client.query('BEGIN; LOCK TABLE head IN ACCESS EXCLUSIVE MODE')
  const requests = Array.from({ length: 50 }, () => api.get('/api/runs'))
  await new Promise(setImmediate)
  await client.query('ROLLBACK')
  client.release()
  const answers = await Promise.all(requests)
  for (const { status, body } of answers) expect([status, body.runs.length]).toEqual([200, 1])
  expect(reads()).toBe(1)
})

it('a request waits for a read of its own network only, if that waits for its turn', async () => {
  const { promise: turn, resolve: begin } = Promise.withResolvers<void>()
  const networkOf = (c: Context) => c.req.header('network') ?? ''
  const app = new Hono().use(cacheResponses(api.index.head, networkOf)).get('/api/runs', async (c) => {
    c.get('wait')?.()
    if (networkOf(c) === 'flood') await turn
    return c.text('read')
  })
  const ask = (network: string) => app.request('/api/runs', { headers: { network } })
  const flood = ask('flood')
  expect((await Promise.race([ask('other'), sleep(1_000)]))?.status).toBe(200)
  begin()
  await flood
})

it('reads of a network that sends many delay its own, and none is refused for waiting', {
  timeout: 30_000,
}, async () => {
  await api.get('/api/runs/1')
  const read = (network: string) =>
    api.index.read(undefined, (tx) => tx.execute(sql`select pg_sleep(0.02)`), network).then(() => ended.push(network))
  const ended: string[] = []
  const flood = Array.from({ length: 600 }, () => read('flood'))
  await read('other')
  expect(ended.length).toBeLessThan(20)
  expect((await Promise.allSettled(flood)).filter(({ status }) => status === 'rejected')).toEqual([])
})

it('is at most 250 ms behind, under continuous requests', async () => {
  for (let number = 11n; number < 14n; number++) {
    await rewardBlock(number)
    const committedAt = performance.now()
    for (let late = false; !late; ) {
      const askedAt = performance.now()
      const { body, headers } = await api.get('/api/runs')
      expect(body.runs[0].reward).toBe(headers.get('X-Indexed-Block'))
      late = askedAt - committedAt > maxAge
      if (late) expect(headers.get('X-Indexed-Block')).toBe(String(number))
      await sleep(5)
    }
  }
})

it('never answers at an older block than this replica has read', async () => {
  for (let number = 11n; number < 21n; number++) {
    expect((await api.get('/api/runs')).body.runs[0].reward).toBe(String(number - 1n))
    await rewardBlock(number)
    // The claim route reads like this before it answers.
    await api.get(`/api/runs/1?minBlock=${number}`)
    expect((await api.get('/api/runs')).body.runs[0].reward).toBe(String(number))
  }
})

it('does not cache a field beyond the time at which it changes', async () => {
  expect((await api.get('/api/runs/1')).body.claimable).toBe(true)
  clock = seedTime + 60n
  expect((await api.get('/api/runs/1')).body.claimable).toBe(true)
  clock = seedTime + 61n
  expect((await api.get('/api/runs/1')).body.claimable).toBe(false)
})

it('drops answers at blocks that a reorg dropped, and answers 503 while the index rewinds', async () => {
  await rewardBlock(12n)
  expect((await api.get('/api/runs/1')).body.reward).toBe('12')
  await index.db.update(run).set({ reward: 10n })
  await index.setHead(block(10n))
  await sleep(maxAge)
  const behind = await Promise.all(['/api/runs/1', '/api/runs'].map((path) => api.get(path)))
  for (const { status, body } of behind) expect([status, body.code]).toEqual([503, 'INDEX_BEHIND'])
  await index.moveTo(block(13n))
  const { body, headers } = await api.get('/api/runs/1')
  expect([body.reward, headers.get('X-Indexed-Block')]).toEqual(['10', '13'])
})

it('does not cache an error', async () => {
  expect((await api.get('/api/runs/2')).status).toBe(404)
  await index.db.insert(run).values(openRun(2n))
  expect((await api.get('/api/runs/2')).status).toBe(200)
})

it('compares If-None-Match as RFC 9110 says', async () => {
  const { headers } = await api.get('/api/runs/1')
  const etag = headers.get('ETag') ?? ''
  for (const [sent, status] of [
    [etag, 304],
    [`W/${etag}`, 304],
    [`"a,b" , ${etag}`, 304],
    [' * ', 304],
    [etag.replaceAll('"', ''), 200],
    [etag.slice(0, -2), 200],
    ['"*"', 200],
    ['', 200],
  ] as const) {
    const answer = await api.get('/api/runs/1', { 'If-None-Match': sent })
    expect([sent, answer.status, answer.headers.get('ETag')]).toEqual([sent, status, etag])
    expect(answer.headers.get('Content-Type')).toBe(status === 200 ? 'application/json' : null)
  }
})
