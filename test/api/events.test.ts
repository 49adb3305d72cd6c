import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run, runEvent } from '../../ponder.schema.ts'
import { eventOf, openRun, seedTime, wallet } from '../support/rows.ts'
import { emptyIndex, type IndexedDatabase } from './indexedDatabase.ts'
import { type TestApi, testApi } from './testApi.ts'

let index: IndexedDatabase
let api: TestApi

beforeAll(async () => {
  index = await emptyIndex()
  await index.db.insert(run).values([openRun(1n), openRun(2n), openRun(3n)])
  await index.db.insert(runEvent).values([
    ...Array.from({ length: 130 }, (_, at) => eventOf(1n, 130 - at)),
    eventOf(2n, 1, {
      name: 'BountyClaimed',
      agentId: 0n,
      address: wallet,
      amount: 10_000_000n,
      dueAt: seedTime + 1n,
      ordinal: 1,
      round: 1,
    }),
  ])
  await index.moveTo({ number: 10n, timestamp: seedTime })
  api = await testApi(index.url)
})

afterAll(async () => {
  await api.close()
  await index.close()
})

describe('GET /api/runs/:id/events', () => {
  it('shows an event with its transaction', async () => {
    const { body } = await api.get('/api/runs/2/events')
    expect(body).toEqual({
      events: [
        {
          name: 'BountyClaimed',
          agentId: 0,
          address: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8',
          amount: '10000000',
          hash: null,
          reason: null,
          dueAt: '2024-01-15T12:00:01.000Z',
          ordinal: 1,
          round: 1,
          by: null,
          byTimeout: null,
          rejection: null,
          timestamp: '2024-01-15T12:00:00.000Z',
          blockNumber: 1,
          blockHash: `0x${'1'.padStart(64, '0')}`,
          logIndex: 0,
          transactionHash: `0x${'1'.padStart(64, '0')}`,
        },
      ],
      pagination: { page: 1, limit: 100, total: 1, totalPages: 1 },
    })
  })

  it('returns events in chain order, page by page', async () => {
    const first = await api.get('/api/runs/1/events')
    const second = await api.get('/api/runs/1/events?page=2')
    const blocks = [...first.body.events, ...second.body.events].map(({ blockNumber }) => blockNumber)
    expect(blocks).toEqual(Array.from({ length: 130 }, (_, at) => at + 1))
    expect(first.body.pagination).toEqual({ page: 1, limit: 100, total: 130, totalPages: 2 })
  })

  it('is empty past the end, and for a run without events', async () => {
    expect((await api.get('/api/runs/1/events?page=3')).body.events).toEqual([])
    expect((await api.get('/api/runs/3/events')).body).toMatchObject({ events: [], pagination: { total: 0 } })
  })

  it.each(['4', `${2n ** 64n}`])('answers 404 for run %s', async (id) => {
    const { status, body } = await api.get(`/api/runs/${id}/events`)
    expect([status, body.code]).toEqual([404, 'RUN_NOT_FOUND'])
  })
})
