import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seedTime, wallet } from '../support/rows.ts'
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
  await api.close()
  await index.close()
})

const good = { agentId: 1, walletAddress: wallet }
const signed = { ...good, signature: `0x${'12'.repeat(65)}`, deadline: 1_705_320_900 }

async function post(body: unknown, path = '/api/runs/1/claim', contentType = 'application/json') {
  const response = await api.app.request(path, {
    method: 'POST',
    headers: { 'Content-Type': contentType },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  const answer = (await response.json()) as Record<string, unknown>
  return { status: response.status, body: answer }
}

describe('POST /api/runs/:id/claim, before any read from the chain', () => {
  it.each([
    [{ walletAddress: wallet }, 'agentId'],
    [{ agentId: 1 }, 'walletAddress'],
    [{ ...good, agentId: -1 }, 'agentId'],
    [{ ...good, agentId: 1.5 }, 'agentId'],
    [{ ...good, agentId: 2 ** 53 }, 'agentId'],
    [{ ...good, agentId: '01' }, 'agentId'],
    [{ ...good, agentId: '0x1' }, 'agentId'],
    [{ ...good, agentId: '1e3' }, 'agentId'],
    [{ ...good, agentId: null }, 'agentId'],
    [{ ...good, agentId: [1] }, 'agentId'],
    [{ ...good, agentId: '1'.repeat(79) }, 'agentId'],
    [{ ...good, walletAddress: '0x12' }, 'walletAddress'],
    [{ ...good, walletAddress: `${wallet}00` }, 'walletAddress'],
    [{ ...good, walletAddress: 'vitalik.eth' }, 'walletAddress'],
    [{ ...good, walletAddress: 7 }, 'walletAddress'],
    [{ ...signed, signature: '0x123' }, 'signature'],
    [{ ...signed, signature: 'abcd' }, 'signature'],
    [{ ...signed, signature: 12 }, 'signature'],
    [{ ...signed, deadline: -1 }, 'deadline'],
    [{ ...signed, deadline: 1.5 }, 'deadline'],
    [{ ...signed, deadline: 'tomorrow' }, 'deadline'],
    [{ ...signed, deadline: '2024-01-20T12:00:00.000Z' }, 'deadline'],
    [{ ...good, signature: signed.signature }, 'deadline'],
    [{ ...good, deadline: signed.deadline }, 'signature'],
    [{ ...good, wallet }, 'wallet'],
    [{ ...good, __proto__: null, constructor: 1 }, 'constructor'],
    [[], 'body'],
    [[good], 'body'],
    ['null', 'body'],
    ['"claim"', 'body'],
    ['{"agentId":', 'body'],
    ['', 'body'],
  ])('refuses %j, naming %s', async (body, field) => {
    const answer = await post(body)
    expect({ status: answer.status, code: answer.body.code, field: answer.body.field }).toEqual({
      status: 400,
      code: 'VALIDATION_FAILED',
      field,
    })
  })

  it('refuses an invalid run id', async () => {
    const answer = await post(good, '/api/runs/first/claim')
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED', field: 'id', value: 'first' } })
  })

  it('refuses other content than JSON', async () => {
    expect(await post(good, undefined, 'text/plain')).toMatchObject({
      status: 415,
      body: { code: 'UNSUPPORTED_MEDIA_TYPE' },
    })
  })

  it('refuses a body of 3 MB', async () => {
    expect(await post({ ...good, signature: `0x${'00'.repeat(1_500_000)}` })).toMatchObject({
      status: 413,
      body: { code: 'PAYLOAD_TOO_LARGE' },
    })
  })

  it.each([good, signed, { ...good, agentId: '1' }, { ...signed, deadline: '1705320900' }, { ...good, agentId: 0 }])(
    'accepts %j, and answers that there is no relay here',
    async (body) => {
      expect(await post(body)).toMatchObject({ status: 503, body: { code: 'RELAY_UNAVAILABLE' } })
    },
  )
})
