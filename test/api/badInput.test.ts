import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { seedTime } from '../support/rows.ts'
import { emptyIndex, type IndexedDatabase } from './indexedDatabase.ts'
import { type TestApi, testApi } from './testApi.ts'

let index: IndexedDatabase
let api: TestApi

beforeAll(async () => {
  index = await emptyIndex()
  await index.moveTo({ number: 10n, timestamp: seedTime })
  api = await testApi(index.url)
})

afterAll(async () => {
  // What the pool logs of a slow database is of no request.
  expect(api.logged.filter((line) => 'requestId' in JSON.parse(line))).toEqual([])
  await api.close()
  await index.close()
})

const noInteger = [
  '0',
  '-1',
  '1e1',
  '1.5',
  '',
  '01',
  ' 1',
  '+1',
  '0x10',
  'NaN',
  'Infinity',
  'null',
  '１',
  '1\0',
  '\uFFFD',
]
const injections = [
  "1' OR '1'='1",
  '1; DROP TABLE run',
  "1'; SELECT pg_sleep(5)--",
  '1)) UNION SELECT 1',
  '{{7*7}}',
  '../..',
]
const noId = ['-1', '1e3', '1.5', '01', ' 1', '+1', '0x1', 'abc', 'null', '１', '1\0', 'NaN', ...injections]

const values: Record<string, string[]> = {
  page: [...noInteger, ...injections, '9007199254740992', '9'.repeat(30), '9'.repeat(3_000)],
  limit: [...noInteger, ...injections, '101', '1000', '9'.repeat(30)],
  state: ['NOPE', 'open', '', 'NONE', 'OPEN,CLAIMED', 'OPEN ', "OPEN'--", '0', 'toString', '__proto__'],
  minReward: [
    '-1',
    '',
    '1e3',
    '.5',
    '5.',
    '0.0000001',
    '01',
    '1,5',
    '$100',
    'NaN',
    ' 1',
    '1000000000000',
    '9'.repeat(400),
  ],
  poster: ['', '0x', '0x123', 'f39fd6e51aad88f6f4ce6ab8827279cfffb92266', 'vitalik.eth', `0x${'g'.repeat(40)}`],
  claimedBy: ['', ...noId],
  claimable: ['', 'yes', 'truee', '1', 'false '],
  sort: ['', 'id', 'created_at', 'createdAt desc', 'reward; DROP TABLE run'],
  order: ['', 'up', 'DESC', 'desc nulls first'],
  q: ['', 'a'.repeat(201), 'a\0', '\0'],
  tag: ['', 'A', 'two words', 'é', '-a', "a' | 'b", 'a'.repeat(33)],
  minBlock: ['', '-1', '1e3', '0x1', 'latest', '9'.repeat(17), ...injections],
}

const shown = (value: string) => (value.length > 120 ? `${value.slice(0, 120)}…` : value)

const rows = Object.entries(values).flatMap(([field, list]) =>
  list.map((value) => ({ title: `${field}=${JSON.stringify(value).slice(0, 40)}`, field, value })),
)

describe('a parameter of GET /api/runs', () => {
  it.each(rows)('$title is refused by name and value', async ({ field, value }) => {
    const { status, body } = await api.get(`/api/runs?${new URLSearchParams({ [field]: value })}`)
    expect([status, body.code, body.field, body.value]).toEqual([400, 'VALIDATION_FAILED', field, shown(value)])
    expect(body.detail).toContain(field)
    expect(body.detail).toContain(JSON.stringify(shown(value)))
  })

  it.each([
    ['page=%00', 'page', '\0'],
    ['page=%ff', 'page', '%ff'],
    ['page=%', 'page', '%'],
    ['page', 'page', ''],
    ['page=1&page=1', 'page', "[ '1', '1' ]"],
    ['limit=5&state=OPEN&state=OPEN', 'state', "[ 'OPEN', 'OPEN' ]"],
    ['stat=OPEN', 'stat', 'OPEN'],
    ['page[]=1', 'page[]', '1'],
    ['PAGE=1', 'PAGE', '1'],
    ['cursor=abc', 'cursor', 'abc'],
    ['constructor=1', 'constructor', '1'],
    ['hasOwnProperty=1&toString=2', 'hasOwnProperty', '1'],
    ['__proto__=1', '__proto__', '1'],
  ])('%s is refused', async (query, field, value) => {
    const { status, body } = await api.get(`/api/runs?${query}`)
    expect([status, body.code, body.field, body.value]).toEqual([400, 'VALIDATION_FAILED', field, value])
  })
})

describe('other routes', () => {
  const idPaths = [
    (id: string) => `/api/runs/${id}`,
    (id: string) => `/api/runs/${id}/events`,
    (id: string) => `/api/agents/${id}`,
    (id: string) => `/api/agents/${id}/stake`,
  ]
  const encoded = [...noId.filter((id) => id !== '../..').map(encodeURIComponent), '%ff', '%', '%00', '%F0%9F%92%A9']

  it.each(encoded)('refuse the id %s', async (id) => {
    for (const path of idPaths) {
      const { status, body } = await api.get(path(id))
      expect([path(id), status, body.code, body.field]).toEqual([path(id), 400, 'VALIDATION_FAILED', 'id'])
    }
  })

  it.each([
    ['/api/runs/1?minBlock=x', 'minBlock'],
    ['/api/runs/1?page=1', 'page'],
    ['/api/runs/1/events?limit=101', 'limit'],
    ['/api/runs/1/events?page=0', 'page'],
    ['/api/agents?status=NOPE', 'status'],
    ['/api/agents?limit=0', 'limit'],
    ['/api/agents?state=OPEN', 'state'],
    ['/api/agents/1?x=1', 'x'],
    ['/api/agents/1/stake?minBlock=-1', 'minBlock'],
    ['/api/stats?page=1', 'page'],
  ])('%s names %s', async (path, field) => {
    const { status, body } = await api.get(path)
    expect([status, body.code, body.field]).toEqual([400, 'VALIDATION_FAILED', field])
  })
})

describe('a route that does not exist', () => {
  it.each([
    '/api',
    '/api/',
    '/api/run',
    '/api/runs/',
    '/API/RUNS',
    '/api/runs/1/',
    '/api/runs//events',
    '/%00',
    '/%ff',
  ])('%s is a 404', async (path) => {
    const { status, body, headers } = await api.get(path)
    expect([status, body.code]).toEqual([404, 'ROUTE_NOT_FOUND'])
    expect(headers.get('Content-Type')).toBe('application/problem+json')
  })

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('%s /api/stats is a 405 with the allowed methods', async (method) => {
    const response = await api.app.request('/api/stats', { method })
    expect([response.status, response.headers.get('Allow')]).toEqual([405, 'GET, HEAD'])
    expect(await response.json()).toMatchObject({ code: 'METHOD_NOT_ALLOWED' })
  })
})

describe('a body', () => {
  async function post(body: string | Uint8Array, contentType = 'application/json') {
    const headers = { 'Content-Type': contentType }
    const response = await api.app.request('/api/runs/1/claim', { method: 'POST', body, headers })
    const { code, field } = z.looseObject({ code: z.string() }).parse(await response.json())
    return { status: response.status, code, field }
  }

  it.each([32 * 1024 + 1, 3_000_000])('of %i bytes is a 413', async (length) => {
    expect(await post('x'.repeat(length))).toMatchObject({ status: 413, code: 'PAYLOAD_TOO_LARGE' })
  })

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/jsonp', ''])(
    'of type %j is a 415',
    async (contentType) => {
      expect(await post('{}', contentType)).toMatchObject({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' })
    },
  )

  it.each(['', '{', 'agentId=1', '{"agentId":1,}', '\0', "{'agentId':1}", '{"agentId":NaN}'])(
    '%j is not JSON',
    async (body) => {
      expect(await post(body)).toEqual({ status: 400, code: 'VALIDATION_FAILED', field: 'body' })
    },
  )

  it.each(['[]', 'null', '1', '"x"', 'true'])('%s is not an object', async (body) => {
    expect(await post(body)).toEqual({ status: 400, code: 'VALIDATION_FAILED', field: 'body' })
  })

  it('nested deeper than the stack allows is refused', async () => {
    const nested = `${'['.repeat(16_000)}${']'.repeat(16_000)}`
    expect(await post(nested)).toEqual({ status: 400, code: 'VALIDATION_FAILED', field: 'body' })
  })

  it('that is not valid UTF-8 is refused', async () => {
    const body = new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])
    expect(await post(body)).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' })
  })

  it.each(['{"__proto__":{"polluted":1}}', '{"constructor":{"prototype":{"polluted":1}}}'])(
    '%s pollutes nothing',
    async (body) => {
      expect(await post(body)).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' })
      expect('polluted' in {}).toBe(false)
    },
  )
})
