import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Api } from '../../tools/devnet/api.ts'
import { expectDescribed } from '../support/describedAnswers.ts'
import { startIndexApi } from '../support/indexApi.ts'
import { seedTime } from '../support/rows.ts'
import { emptyIndex, type IndexedDatabase } from './indexedDatabase.ts'

const JSON_TYPE = 'application/json'
const example = '{"title":"Translate a page into French","tags":["translation"]}'
const exampleCid = 'bafkreiashee25ooqkxzfh4n2h2hm7ztlxoxapldegrnjhfxxjxhr2ks65m'

let index: IndexedDatabase
let api: Api

beforeAll(async () => {
  index = await emptyIndex()
  await index.moveTo({ number: 10n, timestamp: seedTime })
  api = await startIndexApi(index.url, { TRUST_PROXY: '1' })
  await untilReady()
})

afterAll(async () => {
  await api.stop()
  await index.close()
})

/** Posts from an address. The answer must be as /openapi.json describes it. */
async function post(
  body: string | Uint8Array<ArrayBuffer>,
  type: string | undefined = JSON_TYPE,
  from = '203.0.113.1',
) {
  const headers = { 'X-Forwarded-For': from, 'Content-Type': type }
  const response = await fetch(`${api.url}/api/content`, { method: 'POST', headers, body })
  const answer = { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) }
  expectDescribed('POST', '/api/content', answer)
  return answer
}

const read = (cid: string, headers: Record<string, string> = {}) => fetch(`${api.url}/ipfs/${cid}`, { headers })

/** The API listens before it has migrated schema `content`, for which a busy machine may connect late. */
const untilReady = () =>
  vi.waitFor(async () => expect((await read(exampleCid)).status).not.toBe(503), { timeout: 10_000 })

describe('content', () => {
  it('is stored by its CID, and served as it was posted', async () => {
    const stored = await post(example)
    expect([stored.status, stored.body]).toEqual([201, { cid: exampleCid, uri: `ipfs://${exampleCid}`, isBrief: true }])
    const again = await post(example, 'application/json; charset=UTF-8', '203.0.113.2')
    expect([again.status, again.body]).toEqual([200, stored.body])

    const served = await read(exampleCid)
    expect([served.status, await served.text()]).toEqual([200, example])
    expect(Object.fromEntries(served.headers)).toMatchObject({
      'access-control-allow-origin': '*',
      'cache-control': 'max-age=3600, immutable',
      'content-security-policy': "sandbox; default-src 'none'; frame-ancestors 'none'",
      'content-type': 'application/json',
      etag: `"${exampleCid}"`,
      'x-content-type-options': 'nosniff',
    })
    const unchanged = await read(exampleCid, { 'If-None-Match': `"${exampleCid}"` })
    expect([unchanged.status, await unchanged.text()]).toEqual([304, ''])
  })

  it.each([
    ['text/plain', 'text/plain; charset=utf-8'],
    ['text/markdown', 'text/markdown; charset=utf-8'],
  ])('may be %s, which no browser takes for a page', async (type, served) => {
    const page = `<html><script>alert(1)</script> as ${type}`
    const { status, body } = await post(page, type)
    expect([status, body.isBrief]).toEqual([201, false])
    const answer = await read(body.cid)
    expect([await answer.text(), answer.headers.get('Content-Type')]).toEqual([page, served])
    expect(answer.headers.get('X-Content-Type-Options')).toBe('nosniff')
    expect(answer.headers.get('Content-Security-Policy')).toMatch(/^sandbox;/)
  })

  it('that is JSON and no brief is stored too, and the answer says so', async () => {
    const { status, body } = await post(JSON.stringify({ title: 'a'.repeat(121) }))
    expect([status, body.isBrief]).toEqual([201, false])
  })

  it.each([
    'text/html',
    'image/svg+xml',
    'application/javascript',
    'application/octet-stream',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json, text/html',
    'text/plain; charset=utf-16',
    `text/${'x'.repeat(5_000)}`,
  ])('of another type is refused: %s', async (type) => {
    const { status, body } = await post('{}', type)
    expect([status, body.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE'])
    expect(body.detail.length).toBeLessThan(300)
  })

  it('without a type is refused', async () => {
    const response = await fetch(`${api.url}/api/content`, { method: 'POST', body: new Uint8Array([1]) })
    expect(response.status).toBe(415)
  })

  it.each<[string, string | Uint8Array<ArrayBuffer>]>([
    ['is not UTF-8', new Uint8Array([0x22, 0xff, 0x22])],
    ['is not JSON', '{"title":'],
    ['is empty', ''],
    ['is nested 16,384 levels deep', '['.repeat(16_384) + ']'.repeat(16_384)],
    ['is compressed', new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3])],
  ])('that %s is refused', async (_, bytes) => {
    const { status, body } = await post(bytes)
    expect([status, body.code, body.field]).toEqual([400, 'VALIDATION_FAILED', 'body'])
  })

  it('has at most 32 kB', async () => {
    const longest = 'a'.repeat(32 * 1024)
    expect((await post(longest, 'text/plain')).status).toBe(201)
    const refused = await post(`${longest}a`, 'text/plain')
    expect([refused.status, refused.body.code]).toEqual([413, 'PAYLOAD_TOO_LARGE'])
    // It never ends. It fits into the buffers of the connection, so that the client can read the answer before it is closed.
    const endless = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(65_536).fill(97)) })
    const leaving = new AbortController()
    onTestFinished(() => leaving.abort())
    const response = await fetch(`${api.url}/api/content`, {
      method: 'POST',
      headers: { 'Content-Type': 'text/plain' },
      body: endless,
      duplex: 'half',
      signal: leaving.signal,
    } as RequestInit)
    expect(response.status).toBe(413)
  })

  it('that is not stored is not found, and no cache keeps that', async () => {
    const absent = await read('bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq')
    expect([
      absent.status,
      absent.headers.get('Cache-Control'),
      ((await absent.json()) as { code: string }).code,
    ]).toEqual([404, 'no-store', 'CONTENT_NOT_FOUND'])
  })

  it.each([
    'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG',
    'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi',
    exampleCid.toUpperCase(),
    `${exampleCid}%00`,
    '%2e%2e%2fapi%2fruns',
    "'%3B DROP TABLE content.item",
  ])('has no other name: %s', async (cid) => {
    const { status } = await read(cid)
    expect(status).toBe(400)
    expect((await read(exampleCid)).status).toBe(200)
  })

  it('has a JSON Schema', async () => {
    const response = await fetch(`${api.url}/schemas/brief.json`)
    expect(response.headers.get('Content-Type')).toBe('application/schema+json')
    expect(await response.json()).toMatchObject({ required: ['title'], $schema: expect.stringContaining('2020-12') })
  })
})
