import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run } from '../../ponder.schema.ts'
import { openRun, seedTime } from '../support/rows.ts'
import { emptyIndex, type IndexedDatabase } from './indexedDatabase.ts'
import { type TestApi, testApi } from './testApi.ts'

let index: IndexedDatabase
let api: TestApi

beforeAll(async () => {
  index = await emptyIndex()
  await index.db.insert(run).values(openRun(1n))
  await index.moveTo({ number: 10n, timestamp: seedTime })
  api = await testApi(index.url, () => 0)
})

afterAll(async () => {
  await api.close()
  await index.close()
})

describe('ETag', () => {
  it('is strong, and depends on the block and the body', async () => {
    const first = await api.get('/api/runs')
    await index.moveTo({ number: 11n, timestamp: seedTime })
    const second = await api.get('/api/runs?minBlock=11')
    expect(second.body).toEqual(first.body)
    expect(first.headers.get('ETag')).toMatch(/^"[0-9a-f]+"$/)
    expect(second.headers.get('ETag')).not.toBe(first.headers.get('ETag'))
    expect((await api.get('/api/runs?minBlock=1')).headers.get('ETag')).toBe(second.headers.get('ETag'))
    expect((await api.get('/api/runs?limit=1')).headers.get('ETag')).not.toBe(second.headers.get('ETag'))
  })

  it('answers 304 until the next block, with the block', async () => {
    await index.moveTo({ number: 12n, timestamp: seedTime })
    const { headers } = await api.get('/api/runs/1?minBlock=12')
    const etag = headers.get('ETag') ?? ''
    for (const sent of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const same = await api.get('/api/runs/1?minBlock=12', { 'If-None-Match': sent, Origin: 'https://market.example' })
      expect([same.status, same.body, same.headers.get('ETag')]).toEqual([304, '', etag])
      expect(Object.fromEntries(same.headers)).toMatchObject({
        'x-indexed-block': '12',
        'x-indexed-hash': `0x${'c'.padStart(64, '0')}`,
        'cache-control': 'public, max-age=0, s-maxage=1',
        'access-control-allow-origin': '*',
        'access-control-expose-headers': '*',
      })
    }
    await index.moveTo({ number: 13n, timestamp: seedTime }, (tx) => tx.update(run).set({ state: 'DRAFT' }))
    const changed = await api.get('/api/runs/1?minBlock=13', { 'If-None-Match': etag })
    expect([changed.status, changed.body.state]).toEqual([200, 'DRAFT'])
  })

  it('is not set on errors, which no cache may keep', async () => {
    const { status, headers } = await api.get('/api/runs/2', { 'If-None-Match': '*' })
    expect([status, headers.get('ETag'), headers.get('Cache-Control')]).toEqual([404, null, 'no-store'])
  })
})

describe('CORS', () => {
  it.each(['/api/runs', '/api/runs/2', '/api/runs?page=0', '/nowhere'])('lets any page read %s', async (path) => {
    const { headers } = await api.get(path, { Origin: 'https://market.example' })
    expect(headers.get('Access-Control-Allow-Origin')).toBe('*')
    expect(headers.get('Access-Control-Allow-Credentials')).toBeNull()
    expect(headers.get('Access-Control-Expose-Headers')).toBe('*')
  })

  it('lets any page post a claim', async () => {
    const preflight = await api.app.request('/api/runs/1/claim', {
      method: 'OPTIONS',
      headers: {
        Origin: 'https://market.example',
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'content-type,idempotency-key',
      },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('Access-Control-Allow-Methods')).toBe('GET,HEAD,POST,DELETE')
    const allowed = preflight.headers.get('Access-Control-Allow-Headers')
    for (const header of ['Idempotency-Key', 'traceparent', 'tracestate']) expect(allowed).toContain(header)
  })
})

describe('an answer to a POST', () => {
  const names = ['access-control-allow-origin', 'access-control-expose-headers', 'content-security-policy']

  it.each([
    [400, 'VALIDATION_FAILED', '/api/runs/1/claim', '{}'],
    [400, 'VALIDATION_FAILED', '/api/runs/1/claim', '{'],
    [413, 'PAYLOAD_TOO_LARGE', '/api/runs/1/claim', 'x'.repeat(40_000)],
    [404, 'ROUTE_NOT_FOUND', '/api/nowhere', '{}'],
    [405, 'METHOD_NOT_ALLOWED', '/api/stats', '{}'],
  ])('of %i %s has the headers of a refused GET', async (status, code, path, body) => {
    const response = await api.app.request(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Request-Id': 'proxy-1' },
      body,
    })
    expect([response.status, (await response.json()) as object]).toMatchObject([status, { code }])
    const refused = await api.get('/nowhere', { 'X-Request-Id': 'proxy-1' })
    for (const name of [...names, 'x-content-type-options', 'content-type', 'x-request-id']) {
      expect([name, response.headers.get(name)]).toEqual([name, refused.headers.get(name)])
      expect(response.headers.get(name)).not.toBeNull()
    }
  })
})

it('answers HEAD like GET, without the body', async () => {
  const head = await api.app.request('/api/runs', { method: 'HEAD' })
  const get = await api.get('/api/runs')
  expect([head.status, await head.text()]).toEqual([200, ''])
  expect(head.headers.get('ETag')).toBe(get.headers.get('ETag'))
})

it('keeps the request id that a proxy set, unless it is invalid', async () => {
  expect((await api.get('/api/runs/2', { 'X-Request-Id': 'proxy-1' })).headers.get('X-Request-Id')).toBe('proxy-1')
  const { headers } = await api.get('/api/runs/2', { 'X-Request-Id': '{"level":60}' })
  expect(headers.get('X-Request-Id')).toMatch(/^[0-9a-f-]{36}$/)
})

it('answers an internal error with its id only, and logs the error under that id', async () => {
  const { rows } = await index.pool.query("SELECT pg_get_viewdef('runline.run') AS view")
  const failing = rows[0].view.replace(/\s(\S*reward),/, ' $1 + 1 / 0 AS reward,')
  await index.pool.query(`CREATE OR REPLACE VIEW runline.run AS ${failing}`)
  const { status, body, headers } = await api.get('/api/runs?page=2')
  expect(status).toBe(500)
  expect(body).toEqual({
    type: 'urn:problem-type:runline:INTERNAL',
    title: 'Internal error',
    status: 500,
    detail: 'The request failed because of an error in this server.',
    code: 'INTERNAL',
  })
  // What the pool logs of a slow database is of no request.
  const logged = api.logged.map((line) => JSON.parse(line)).filter((line) => 'requestId' in line)
  expect(logged).toHaveLength(1)
  expect(logged[0]).toMatchObject({
    level: 50,
    requestId: headers.get('X-Request-Id'),
    path: '/api/runs',
    err: { message: expect.stringContaining('division by zero') },
  })
  await index.pool.query(`CREATE OR REPLACE VIEW runline.run AS ${rows[0].view}`)
})
