import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agent } from '../../ponder.schema.ts'
import { seedTime, stakedAgent, wallet } from '../support/rows.ts'
import { emptyIndex, type IndexedDatabase } from './indexedDatabase.ts'
import { type TestApi, testApi } from './testApi.ts'

let index: IndexedDatabase
let api: TestApi

const now = seedTime + 100n * 86_400n
const thirtyDays = 2_592_000n
const foreignAgent = 2n ** 256n - 1n
const owner = '0x15d34aaf54267db7d7c367839aaf71a00a2c6a65'

const proven = { completions: 5, stakedAt: now - thirtyDays }

/** Each status of AgentStaking.statusOf, at its boundary. */
const ladder = [
  [1n, 'UNVERIFIED', { stakedAmount: 0n, stakedAt: 0n }],
  [2n, 'UNVERIFIED', { stakedAmount: 19_999_999n, stakedAt: 0n, completions: 5 }],
  [3n, 'PROVISIONAL', { stakedAmount: 20_000_000n }],
  [4n, 'PROVISIONAL', { ...proven, stakedAt: now - thirtyDays + 1n }],
  [5n, 'PROVISIONAL', { ...proven, completions: 4 }],
  [6n, 'ESTABLISHED', proven],
  [7n, 'ESTABLISHED', { ...proven, completions: 6, stakedAmount: 2n ** 127n, stakedAt: 1n, lockedAmount: 7n }],
  [8n, 'FROZEN', { ...proven, frozen: true, stakedAt: 0n, slashes: 1 }],
  [9n, 'FROZEN', { stakedAmount: 0n, frozen: true, stakedAt: 0n }],
  [10n, 'BANNED', { ...proven, banned: true }],
  [11n, 'BANNED', { stakedAmount: 0n, stakedAt: 0n, banned: true, frozen: true, slashes: 3 }],
] as const

beforeAll(async () => {
  index = await emptyIndex()
  await index.db.insert(agent).values([
    ...ladder.map(([id, , fields]) => stakedAgent(id, fields)),
    stakedAgent(0n, { owner, agentWallet: null, stakedAt: now, volume: 123n, feesPaid: 45n, agentURI: null }),
    stakedAgent(foreignAgent),
    // Banned, but never registered.
    { id: 12n, banned: true },
  ])
  await index.moveTo({ number: 10n, timestamp: now })
  api = await testApi(index.url, () => 0)
})

afterAll(async () => {
  await api.close()
  await index.close()
})

describe('the trust ladder', () => {
  it.each(ladder)('puts agent %s on %s', async (id, status) => {
    expect((await api.get(`/api/agents/${id}`)).body.status).toBe(status)
    expect((await api.get(`/api/agents/${id}/stake`)).body.status).toBe(status)
  })

  it('uses this machine’s time where that is ahead of the chain', async () => {
    const later = await testApi(index.url, () => Number(now + 1n) * 1_000)
    expect((await later.get('/api/agents/4')).body.status).toBe('ESTABLISHED')
    await later.close()
  })

  it('decides which agents the status filter returns', async () => {
    for (const status of ['UNVERIFIED', 'PROVISIONAL', 'ESTABLISHED', 'FROZEN', 'BANNED']) {
      const { body } = await api.get(`/api/agents?status=${status}`)
      expect(body.agents.map((agent: { status: string }) => agent.status)).toEqual(
        Array(body.pagination.total).fill(status),
      )
      const expected = ladder.filter(([, step]) => step === status).length
      expect(body.pagination.total).toBe(status === 'PROVISIONAL' ? expected + 2 : expected)
    }
  })
})

describe('GET /api/agents', () => {
  it('lists registered agents by id', async () => {
    const { body } = await api.get('/api/agents')
    expect(body.agents.map((agent: { id: number }) => agent.id)).toEqual([
      0,
      ...ladder.map(([id]) => Number(id)),
      foreignAgent.toString(),
    ])
    expect(body.pagination).toEqual({ page: 1, limit: 20, total: 13, totalPages: 1 })
  })

  it('returns the requested page', async () => {
    const { body } = await api.get('/api/agents?page=2&limit=6')
    expect(body.agents.map((agent: { id: number }) => agent.id)).toEqual([6, 7, 8, 9, 10, 11])
    expect(body.pagination).toEqual({ page: 2, limit: 6, total: 13, totalPages: 3 })
  })
})

describe('GET /api/agents/:id', () => {
  it('has its fields in the documented order', async () => {
    const { body } = await api.get('/api/agents/0')
    expect(JSON.stringify(body)).toBe(
      JSON.stringify({
        id: 0,
        status: 'PROVISIONAL',
        stakedAmount: '20000000',
        lockedAmount: '0',
        stakedAt: '2024-04-24T12:00:00.000Z',
        completions: 0,
        slashes: 0,
        volume: '123',
        ownerAddress: '0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65',
        walletAddress: '0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65',
        agentURI: null,
        registeredAt: '2024-01-15T12:00:00.000Z',
        frozen: false,
        banned: false,
        agentURITruncated: false,
        name: null,
        description: null,
        feesPaid: '45',
      }),
    )
  })

  it('returns large amounts and ids as exact strings', async () => {
    expect((await api.get('/api/agents/7')).body.stakedAmount).toBe((2n ** 127n).toString())
    expect((await api.get(`/api/agents/${foreignAgent}`)).body.id).toBe(foreignAgent.toString())
  })

  it('shows the wallet that the owner set, and null for `stakedAt` without a stake', async () => {
    const { body } = await api.get('/api/agents/1')
    expect(body.walletAddress).toBe(wallet)
    expect(body.stakedAt).toBeNull()
  })

  it.each(['12', '13', `${2n ** 64n}`, `${2n ** 256n}`, '9'.repeat(500)])('answers 404 for %s', async (id) => {
    for (const path of [`/api/agents/${id}`, `/api/agents/${id}/stake`]) {
      const { status, body, headers } = await api.get(path)
      expect([status, body.code, headers.get('X-Indexed-Block')]).toEqual([404, 'AGENT_NOT_FOUND', '10'])
    }
  })
})

describe('GET /api/agents/:id/stake', () => {
  it.each([
    [1n, false, false],
    [2n, true, false],
    [3n, true, true],
    [6n, true, true],
    [8n, true, false],
    [10n, true, false],
  ])('shows whether agent %s is staked (%s) and may claim (%s)', async (id, isStaked, canClaimRuns) => {
    const { body } = await api.get(`/api/agents/${id}/stake`)
    expect(body).toMatchObject({ id: Number(id), isStaked, canClaimRuns, minimumStake: '20000000' })
  })
})
