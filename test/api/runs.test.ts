import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run } from '../../ponder.schema.ts'
import { claimedRun, openRun, poster, seedTime, wallet } from '../support/rows.ts'
import { emptyIndex, type IndexedDatabase } from './indexedDatabase.ts'
import { type TestApi, testApi } from './testApi.ts'

let index: IndexedDatabase
let api: TestApi

/** 2^53 + 1: an id that a JSON number cannot hold. */
const foreignAgent = 9_007_199_254_740_993n
const otherPoster = '0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65'

beforeAll(async () => {
  index = await emptyIndex()
  await index.db
    .insert(run)
    .values([
      openRun(1n),
      claimedRun(2n, { createdAt: seedTime + 1n, reward: 100_500_000n }),
      openRun(3n, { createdAt: seedTime + 1n, reward: 99_999_999n, deadline: seedTime, claimant: wallet }),
      openRun(4n, { createdAt: seedTime + 2n, reward: 500_000n, deadline: seedTime - 1n, posterAddress: otherPoster }),
      claimedRun(5n, { createdAt: seedTime + 3n, claimedBy: foreignAgent, state: 'SUBMITTED' }),
      openRun(6n, { createdAt: seedTime + 4n, state: 'DRAFT', reward: 1_000_000_000_000_000n }),
      claimedRun(7n, { createdAt: seedTime + 5n, claimedBy: 0n, state: 'APPROVED', evaluator: otherPoster }),
    ])
  await index.moveTo({ number: 10n, timestamp: seedTime })
  api = await testApi(index.url, () => Number(seedTime) * 1_000)
})

afterAll(async () => {
  await api.close()
  await index.close()
})

async function ids(query: string): Promise<number[]> {
  const { status, body } = await api.get(`/api/runs?${query}`)
  expect(status, JSON.stringify(body)).toBe(200)
  return body.runs.map((run: { bountyId: number }) => run.bountyId)
}

describe('GET /api/runs/:id', () => {
  it('has its fields in the documented order', async () => {
    const { body } = await api.get('/api/runs/2')
    expect(JSON.stringify(body)).toBe(
      JSON.stringify({
        bountyId: 2,
        posterAddress: '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266',
        ipfsHash: 'ipfs://QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG',
        reward: '100500000',
        deadline: '2024-01-20T12:00:00.000Z',
        state: 'CLAIMED',
        claimedBy: 1,
        claimedByWallet: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8',
        stake: '10000000',
        deliverableHash: null,
        claimedAt: '2024-01-16T12:00:00.000Z',
        submittedAt: null,
        createdAt: '2024-01-15T12:00:01.000Z',
        claimable: false,
        submitBy: '2024-01-23T12:00:00.000Z',
        reviewBy: null,
        endedAt: null,
        feedbackHash: null,
        revisions: 0,
        round: 1,
        fee: '5000000',
        workPeriod: 604_800,
        stakeRequired: '10000000',
        evaluator: null,
        closing: false,
        title: null,
        summary: null,
        tags: null,
        claimant: null,
        brief: null,
        posterRecord: { approved: 1, rejected: 0, expired: 0, meanReviewSeconds: null },
        applications: 0,
      }),
    )
  })

  it('names the block of the answer', async () => {
    const { headers } = await api.get('/api/runs/2')
    expect(headers.get('X-Indexed-Block')).toBe('10')
    expect(headers.get('X-Indexed-Hash')).toBe(`0x${'a'.padStart(64, '0')}`)
  })

  it('distinguishes agent 0 from no agent, and returns an id beyond 2^53 as a string', async () => {
    expect((await api.get('/api/runs/7')).body.claimedBy).toBe(0)
    expect((await api.get('/api/runs/1')).body.claimedBy).toBeNull()
    expect((await api.get('/api/runs/5')).body.claimedBy).toBe('9007199254740993')
  })

  it.each(['0', '8', `${2n ** 63n - 1n}`, `${2n ** 63n}`, `${2n ** 64n}`, `${2n ** 256n}`, '9'.repeat(1_000)])(
    'answers 404 at the block it names for %s, which does not exist',
    async (id) => {
      const { status, body, headers } = await api.get(`/api/runs/${id}`)
      expect(status).toBe(404)
      expect(body.code).toBe('RUN_NOT_FOUND')
      expect(headers.get('X-Indexed-Block')).toBe('10')
    },
  )
})

describe('GET /api/runs', () => {
  it('has its fields in the documented order', async () => {
    const { body } = await api.get('/api/runs?state=OPEN&minReward=100')
    expect(JSON.stringify(body)).toBe(
      JSON.stringify({
        runs: [
          {
            bountyId: 1,
            posterAddress: '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266',
            ipfsHash: 'ipfs://QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG',
            reward: '100000000',
            deadline: '2024-01-20T12:00:00.000Z',
            state: 'OPEN',
            claimedBy: null,
            createdAt: '2024-01-15T12:00:00.000Z',
            claimable: true,
            title: null,
            summary: null,
            tags: null,
            claimant: null,
          },
        ],
        pagination: { page: 1, limit: 20, total: 1, totalPages: 1, totalIsExact: true, nextCursor: null },
      }),
    )
  })

  it('lists the newest run first, also within one block', async () => {
    expect(await ids('')).toEqual([7, 6, 5, 4, 3, 2, 1])
  })

  it.each([
    ['page=1&limit=3', [7, 6, 5], { page: 1, limit: 3, total: 7, totalPages: 3 }],
    ['page=3&limit=3', [1], { page: 3, limit: 3, total: 7, totalPages: 3 }],
    ['page=4&limit=3', [], { page: 4, limit: 3, total: 7, totalPages: 3 }],
    ['page=1&limit=7', [7, 6, 5, 4, 3, 2, 1], { page: 1, limit: 7, total: 7, totalPages: 1 }],
    ['page=2&limit=7', [], { page: 2, limit: 7, total: 7, totalPages: 1 }],
    ['limit=100', [7, 6, 5, 4, 3, 2, 1], { page: 1, limit: 100, total: 7, totalPages: 1 }],
    ['page=9007199254740991&limit=100', [], { page: 9007199254740991, limit: 100, total: 7, totalPages: 1 }],
    ['state=REJECTED', [], { page: 1, limit: 20, total: 0, totalPages: 0 }],
  ])('pages %s', async (query, expected, pagination) => {
    const { body } = await api.get(`/api/runs?${query}`)
    expect(body.runs.map((run: { bountyId: number }) => run.bountyId)).toEqual(expected)
    const isLast = pagination.page >= pagination.totalPages
    expect(body.pagination).toEqual({
      ...pagination,
      totalIsExact: true,
      nextCursor: isLast ? null : expect.any(String),
    })
  })

  it.each([
    ['minReward=100', [7, 6, 5, 2, 1]],
    ['minReward=100.000000', [7, 6, 5, 2, 1]],
    ['minReward=100.000001', [6, 2]],
    ['minReward=100.5', [6, 2]],
    ['minReward=100.500001', [6]],
    ['minReward=99.999999', [7, 6, 5, 3, 2, 1]],
    ['minReward=0.5', [7, 6, 5, 4, 3, 2, 1]],
    ['minReward=0', [7, 6, 5, 4, 3, 2, 1]],
    ['minReward=1000000000', [6]],
    ['minReward=1000000000.000001', []],
    ['minReward=999999999999.999999', []],
  ])('reads %s as whole USDC, inclusive', async (query, expected) => {
    expect(await ids(query)).toEqual(expected)
  })

  it.each([
    ['state=OPEN', [4, 3, 1]],
    [`poster=${poster}`, [7, 6, 5, 3, 2, 1]],
    [`poster=${otherPoster.toUpperCase().replace('0X', '0x')}`, [4]],
    [`poster=${wallet}`, []],
    [`evaluator=${otherPoster}`, [7]],
    [`evaluator=${otherPoster.toLowerCase()}&state=OPEN`, []],
    [`evaluator=${poster}`, []],
    ['claimedBy=1', [2]],
    ['claimedBy=0', [7]],
    [`claimedBy=${foreignAgent}`, [5]],
    [`claimedBy=${2n ** 256n}`, []],
    [`claimant=${wallet}`, [3]],
    [`claimant=${wallet.toLowerCase()}&state=DRAFT`, []],
    ['claimant=none&claimable=true', [1]],
    ['claimable=true', [3, 1]],
    ['claimable=false', [7, 6, 5, 4, 2]],
    ['state=OPEN&claimable=false', [4]],
    ['state=OPEN&minReward=99&claimable=true&order=asc', [1, 3]],
  ])('filters by %s', async (query, expected) => {
    expect(await ids(query)).toEqual(expected)
  })

  it.each([
    ['sort=reward', [6, 2, 7, 5, 1, 3, 4]],
    ['sort=reward&order=asc', [4, 3, 1, 5, 7, 2, 6]],
    ['sort=deadline&order=asc&limit=2', [4, 3]],
    ['sort=createdAt&order=asc', [1, 2, 3, 4, 5, 6, 7]],
  ])('orders by %s', async (query, expected) => {
    expect(await ids(query)).toEqual(expected)
  })

  it('shows a run as claimable up to and including the second of its deadline', async () => {
    const deadline = Number(seedTime) * 1_000
    for (const [now, claimable] of [
      [deadline - 1, true],
      [deadline + 999, true],
      [deadline + 1_000, false],
    ] as const) {
      const later = await testApi(index.url, () => now)
      expect((await later.get('/api/runs/3')).body.claimable, `at ${now}`).toBe(claimable)
      await later.close()
    }
  })

  it('uses the time of the head where the chain is ahead of this machine', async () => {
    const behind = await testApi(index.url, () => 0)
    expect((await behind.get('/api/runs/3')).body.claimable).toBe(true)
    expect((await behind.get('/api/runs/4')).body.claimable).toBe(false)
    await behind.close()
  })
})
