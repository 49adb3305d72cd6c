import { execa } from 'execa'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { inTransactionOf } from '../../core/database/transaction.ts'
import { openContentPools, REQUEST_TIMEOUT_MS } from '../../src/api/content/database.ts'
import type { Api } from '../../tools/devnet/api.ts'
import { expectDescribed } from '../support/describedAnswers.ts'
import { startIndexApi } from '../support/indexApi.ts'
import { seedTime } from '../support/rows.ts'
import { startTcpProxy } from '../support/tcpProxy.ts'
import { emptyIndex, type IndexedDatabase } from './indexedDatabase.ts'

const exampleCid = 'bafkreiashee25ooqkxzfh4n2h2hm7ztlxoxapldegrnjhfxxjxhr2ks65m'

let index: IndexedDatabase
let api: Api

beforeAll(async () => {
  index = await emptyIndex()
  await index.moveTo({ number: 10n, timestamp: seedTime })
})

afterAll(async () => {
  await index.close()
})

async function start(env: Record<string, string> = {}, databaseUrl = index.url) {
  api = await startIndexApi(databaseUrl, { TRUST_PROXY: '1', ...env })
  // The API listens before it has migrated schema `content`.
  if (databaseUrl === index.url) await expect.poll(async () => (await read(exampleCid)).status).not.toBe(503)
}

/** Posts from an address. The answer must be as /openapi.json describes it. */
async function post(body: string, from = '203.0.113.1') {
  const headers = { 'X-Forwarded-For': from, 'Content-Type': 'text/plain' }
  const response = await fetch(`${api.url}/api/content`, { method: 'POST', headers, body })
  const answer = { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) }
  expectDescribed('POST', '/api/content', answer)
  return answer
}

const read = (cid: string, headers: Record<string, string> = {}) => fetch(`${api.url}/ipfs/${cid}`, { headers })

describe('the limits of content', () => {
  afterEach(() => api.stop())

  it('are those of an address and a day, over all processes and restarts', async () => {
    await start({ CONTENT_KB_PER_DAY: '3' })
    const from = '198.51.100.1'
    const postOne = async (text: string, address = from) => (await post(text, address)).status
    expect([await postOne('one'), await postOne('two')]).toEqual([201, 201])
    await api.stop()
    await start({ CONTENT_KB_PER_DAY: '3' })
    const refused = await post('three', from)
    expect([refused.status, refused.body.code]).toEqual([429, 'RATE_LIMITED'])
    expect(refused.body.detail).toMatch(/^198\.51\.100\.1 may post 3 kB a day: /)
    expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(86_000)
    expect([await postOne('two'), await postOne('three', '198.51.100.2')]).toEqual([200, 201])
  })

  it('refuse a flood from one address, without a statement for each request', async () => {
    await start()
    const statuses: number[] = []
    for (let round = 0; round < 10; round++) {
      const flood = Array.from({ length: 40 }, (_, at) => post(`${round} ${at}`, '198.51.100.3'))
      statuses.push(...(await Promise.all(flood)).map(({ status }) => status))
    }
    const stored = statuses.filter((status) => status === 201).length
    expect(stored).toBeGreaterThanOrEqual(300)
    expect(stored).toBeLessThan(360)
    expect(new Set(statuses)).toEqual(new Set([201, 429]))
    expect((await post('of another address', '198.51.100.4')).status).toBe(201)
  })

  it('are those of the store', async () => {
    await start({ CONTENT_MB: '0' })
    const refused = await post('x')
    expect([refused.status, refused.body.code]).toEqual([503, 'CONTENT_UNAVAILABLE'])
    // What is stored is served.
    expect((await read(exampleCid)).status).toBeLessThan(500)
  })
})

it('is unavailable while its database is, also at the start, and then stored', async () => {
  const proxy = await startTcpProxy(1)
  try {
    await start({}, proxy.urlOf(index.url))
    const refused = await post('early')
    expect([refused.status, refused.body.code, refused.headers.get('Retry-After')]).toEqual([
      503,
      'CONTENT_UNAVAILABLE',
      '2',
    ])
    expect((await read(exampleCid)).status).toBe(503)
    proxy.moveTo(Number(new URL(index.url).port))
    expect((await post('early')).status).toBe(201)
    // The connections that break are replaced.
    proxy.drop()
    await expect.poll(async () => (await post('early')).status).toBe(200)
  } finally {
    await api.stop()
    await proxy.stop()
  }
})

it('is taken down by a command, and stays down until it is lifted', async () => {
  await start()
  const text = 'to be taken down'
  const { cid } = (await post(text)).body
  const options = { env: { DATABASE_URL: index.url }, preferLocal: true, reject: false, stdin: 'ignore' } as const
  const block = (...args: string[]) => execa('node', ['ops/contentBlockCommand.ts', ...args], options)
  const unasked = await block(cid)
  expect([unasked.exitCode, (await read(cid)).status]).toEqual([1, 200])

  const done = await block(`ipfs://${cid}`, '--yes')
  expect([done.exitCode, done.stderr]).toEqual([0, ''])
  expect(done.stdout).toContain(`${cid} is deleted, and is refused from now on.`)
  expect(done.stdout).toContain('for up to an hour')
  const gone = await read(cid)
  expect([gone.status, gone.headers.get('Cache-Control'), ((await gone.json()) as { code: string }).code]).toEqual([
    403,
    'no-store',
    'CONTENT_BLOCKED',
  ])
  const refused = await post(text, '203.0.113.9')
  expect([refused.status, refused.body.code]).toEqual([403, 'CONTENT_BLOCKED'])

  expect((await block('--lift', cid)).stdout).toContain('may be posted again')
  expect((await read(cid)).status).toBe(404)
  expect((await post(text)).status).toBe(201)
  for (const args of [['Qm12'], [], [cid, cid], ['--lift', cid]]) {
    expect((await block(...args, '--yes')).exitCode).toBe(1)
  }
})

it('lets a migration or a scan take longer than a request, for which a query of seconds ends with an error', async () => {
  const { requests, background } = openContentPools(index.url, 31337, pino({ enabled: false }))
  try {
    const slow = `SELECT pg_sleep(${REQUEST_TIMEOUT_MS / 1_000 + 1})`
    const scan = inTransactionOf(background, async (client) => {
      await client.query('SET LOCAL statement_timeout = 60000')
      await client.query(slow)
      return 'done'
    })
    await expect(requests.query(slow)).rejects.toThrow('canceling statement due to statement timeout')
    expect(await scan).toBe('done')
  } finally {
    await Promise.all([requests.end(), background.end()])
  }
})
