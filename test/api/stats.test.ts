import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agent, payee, run } from '../../ponder.schema.ts'
import { claimedRun, openRun, poster, seedTime, stakedAgent } from '../support/rows.ts'
import { emptyIndex, type IndexedDatabase } from './indexedDatabase.ts'
import { type TestApi, testApi } from './testApi.ts'

let index: IndexedDatabase
let api: TestApi

beforeAll(async () => {
  index = await emptyIndex()
  api = await testApi(index.url, () => 0)
})

afterAll(async () => {
  await api.close()
  await index.close()
})

it('is all zero in an empty market', async () => {
  await index.moveTo({ number: 10n, timestamp: seedTime })
  expect((await api.get('/api/stats')).body).toEqual({
    runs: {
      total: 0,
      claimable: 0,
      byState: {
        DRAFT: 0,
        OPEN: 0,
        CLAIMED: 0,
        IN_PROGRESS: 0,
        SUBMITTED: 0,
        APPROVED: 0,
        REVISION_REQUESTED: 0,
        REJECTED: 0,
      },
    },
    escrowed: '0',
    paid: '0',
    feesPaid: '0',
    owed: '0',
    agents: { total: 0, byStatus: { UNVERIFIED: 0, PROVISIONAL: 0, ESTABLISHED: 0, FROZEN: 0, BANNED: 0 } },
    staked: '0',
    locked: '0',
  })
})

it('counts each run, agent and USDC once', async () => {
  await index.db
    .insert(run)
    .values([
      openRun(1n, { state: 'DRAFT', reward: 1n, fee: 10n }),
      openRun(2n, { reward: 100n, fee: 1_000n }),
      openRun(3n, { reward: 10_000n, fee: 100_000n, deadline: seedTime - 1n }),
      claimedRun(4n, { reward: 1_000_000n, fee: 0n }),
      claimedRun(5n, { state: 'IN_PROGRESS', reward: 2_000_000n, fee: 0n }),
      claimedRun(6n, { state: 'SUBMITTED', reward: 4_000_000n, fee: 0n }),
      claimedRun(7n, { state: 'REVISION_REQUESTED', reward: 80_000_000n, fee: 0n }),
      claimedRun(8n, { state: 'APPROVED', reward: 333n, fee: 16n }),
      claimedRun(9n, { state: 'APPROVED', reward: 10n ** 15n, fee: 16n }),
      claimedRun(10n, { state: 'REJECTED', reward: 444n, fee: 22n }),
    ])
  await index.db.insert(agent).values([
    stakedAgent(1n, { lockedAmount: 40_000_000n, feesPaid: 16n }),
    stakedAgent(2n, { stakedAmount: 1n, stakedAt: 0n }),
    stakedAgent(3n, { banned: true, stakedAmount: 0n }),
    // Not registered: the treasury keeps what it earned.
    { id: 4n, banned: true, feesPaid: 500n },
  ])
  await index.db.insert(payee).values([
    { address: poster, owed: 7n },
    { address: '0x0000000000000000000000000000000000000001', owed: 70n },
  ])
  await index.moveTo({ number: 11n, timestamp: seedTime })

  const { body } = await api.get('/api/stats?minBlock=11')
  expect(body.runs).toEqual({
    total: 10,
    claimable: 1,
    byState: {
      DRAFT: 1,
      OPEN: 2,
      CLAIMED: 1,
      IN_PROGRESS: 1,
      SUBMITTED: 1,
      APPROVED: 2,
      REVISION_REQUESTED: 1,
      REJECTED: 1,
    },
  })
  expect(body).toMatchObject({
    escrowed: '87111100',
    paid: '1000000000000333',
    feesPaid: '516',
    owed: '77',
    agents: { total: 3, byStatus: { UNVERIFIED: 1, PROVISIONAL: 1, ESTABLISHED: 0, FROZEN: 0, BANNED: 1 } },
    staked: '20000001',
    locked: '40000000',
  })
})

it('counts agents as ESTABLISHED from the second at which they have been staked for 30 days', async () => {
  const thirtyDays = 2_592_000n
  const proven = (id: bigint, stakedAt: bigint) => stakedAgent(id, { completions: 5, stakedAt })
  const timestamp = seedTime + 3n * thirtyDays
  await index.moveTo({ number: 12n, timestamp }, (tx) =>
    tx
      .insert(agent)
      .values([
        proven(5n, timestamp - thirtyDays - 86_400n),
        proven(6n, timestamp - thirtyDays),
        proven(7n, timestamp - thirtyDays + 1n),
        proven(8n, timestamp - thirtyDays + 43_200n),
        proven(4_000n, timestamp - thirtyDays + 86_400n),
        proven(2n ** 200n, timestamp),
      ]),
  )
  const counted = { UNVERIFIED: 1, FROZEN: 0, BANNED: 1 }
  const { body } = await api.get('/api/stats?minBlock=12')
  expect(body.agents).toEqual({ total: 9, byStatus: { ...counted, PROVISIONAL: 5, ESTABLISHED: 2 } })
  await index.moveTo({ number: 13n, timestamp: timestamp + 1n })
  const later = await api.get('/api/stats?minBlock=13')
  expect(later.body.agents).toEqual({ total: 9, byStatus: { ...counted, PROVISIONAL: 4, ESTABLISHED: 3 } })
})

describe('/api/stats/history', () => {
  const day = 86_400n

  beforeAll(async () => {
    await index.db.execute(sql`TRUNCATE run`)
    await index.moveTo({ number: 20n, timestamp: seedTime + 3n * day }, (tx) =>
      tx.insert(run).values([
        openRun(1n, {
          createdAt: seedTime - 40n * day,
          state: 'APPROVED',
          reward: 5n,
          claimedAt: seedTime - 39n * day,
        }),
        openRun(2n, { createdAt: seedTime, reward: 100n, fee: 5n }),
        openRun(3n, { createdAt: seedTime, state: 'DRAFT' }),
        claimedRun(4n, {
          createdAt: seedTime + 2n * day,
          reward: 1_000n,
          fee: 50n,
          claimedAt: seedTime + 2n * day + 90n,
        }),
      ]),
    )
  })

  it('has each day, those without a change too, and begins with what was before', async () => {
    const { body } = await api.get('/api/stats/history?periods=5&minBlock=20')
    const figures = body.history.map((period: Record<string, unknown>) => [
      (period.start as string).slice(0, 10),
      (period.byState as Record<string, number>).OPEN,
      (period.byState as Record<string, number>).APPROVED,
      period.escrowed,
      period.paid,
      period.created,
      period.claims,
      period.secondsToClaim,
    ])
    expect(figures).toEqual([
      ['2024-01-14', 0, 1, '0', '5', 0, 0, null],
      ['2024-01-15', 1, 1, '105', '5', 2, 0, null],
      ['2024-01-16', 1, 1, '105', '5', 0, 0, null],
      ['2024-01-17', 1, 1, '1155', '5', 1, 1, 90],
      ['2024-01-18', 1, 1, '1155', '5', 0, 0, null],
    ])
  })

  it('ends with the figures of /api/stats', async () => {
    const stats = await api.get('/api/stats?minBlock=20')
    for (const interval of ['day', 'week', 'month']) {
      const { body } = await api.get(`/api/stats/history?interval=${interval}&periods=400`)
      expect(body.history).toHaveLength(400)
      const { escrowed, locked, paid, byState } = body.history.at(-1)
      expect({ escrowed, locked, paid, byState }).toEqual({
        escrowed: stats.body.escrowed,
        locked: stats.body.locked,
        paid: stats.body.paid,
        byState: stats.body.runs.byState,
      })
    }
  })

  it('begins weeks on Monday and months on their first day, and ends where it is asked to', async () => {
    const startsOf = async (query: string) =>
      (await api.get(`/api/stats/history?${query}`)).body.history.map(({ start }: { start: string }) =>
        start.slice(0, 10),
      )
    expect(await startsOf('interval=week&periods=2')).toEqual(['2024-01-08', '2024-01-15'])
    expect(await startsOf('interval=month&periods=2')).toEqual(['2023-12-01', '2024-01-01'])
    expect(await startsOf('until=2024-03-01&periods=2')).toEqual(['2024-02-29', '2024-03-01'])
  })

  it.each(['periods=0', 'periods=401', 'interval=hour', 'until=2024-02-30', 'until=now', 'from=2024-01-01'])(
    'refuses %s',
    async (query) => {
      const { status, body } = await api.get(`/api/stats/history?${query}`)
      expect([status, body.code]).toEqual([400, 'VALIDATION_FAILED'])
    },
  )

  // PostgreSQL has no year 0, and shows years before it without their era.
  it.each(['0000-01-01', '0001-01-01', '1999-12-31'])('refuses %s, a year before 2000, by name', async (until) => {
    const { status, body } = await api.get(`/api/stats/history?until=${until}`)
    expect([status, body.code, body.field]).toEqual([400, 'VALIDATION_FAILED', 'until'])
    expect(body.detail).toContain('must be in the years 2000 to 9999')
  })

  it.each(['2000-01-01', '9999-12-31'])('answers for %s with its own year in every interval', async (until) => {
    for (const interval of ['day', 'week', 'month']) {
      const { status, body } = await api.get(`/api/stats/history?until=${until}&interval=${interval}&periods=400`)
      const start = body.history?.at(-1).start
      expect([status, Math.abs(Date.parse(start) - Date.parse(until)) < 31 * 86_400_000]).toEqual([200, true])
    }
  })
})
