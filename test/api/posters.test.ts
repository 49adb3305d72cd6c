import { afterAll, beforeAll, expect, it } from 'vitest'
import { poster as posterTable, run } from '../../ponder.schema.ts'
import { claimedRun, openRun, poster, seedTime, wallet } from '../support/rows.ts'
import { emptyIndex, type IndexedDatabase } from './indexedDatabase.ts'
import { type TestApi, testApi } from './testApi.ts'

let index: IndexedDatabase
let api: TestApi

beforeAll(async () => {
  index = await emptyIndex()
  await index.db
    .insert(run)
    .values([
      openRun(1n),
      claimedRun(2n, { state: 'APPROVED' }),
      claimedRun(3n, { state: 'APPROVED' }),
      claimedRun(4n, { state: 'REJECTED' }),
      openRun(5n, { posterAddress: wallet }),
      openRun(6n, { payer: poster }),
      claimedRun(7n, { state: 'REJECTED', payer: wallet }),
      claimedRun(8n, { state: 'APPROVED', payer: wallet }),
    ])
  await index.db.insert(posterTable).values({
    address: poster,
    paid: 2n ** 100n,
    burned: 10_000_000n,
    expired: 3,
    reviews: 3,
    reviewSeconds: 1_000n,
    longestReview: 900n,
  })
  await index.moveTo({ number: 10n, timestamp: seedTime })
  api = await testApi(index.url, () => Number(seedTime) * 1_000)
})

afterAll(async () => {
  await api.close()
  await index.close()
})

const none = {
  DRAFT: 0,
  OPEN: 0,
  CLAIMED: 0,
  IN_PROGRESS: 0,
  SUBMITTED: 0,
  APPROVED: 0,
  REVISION_REQUESTED: 0,
  REJECTED: 0,
}

it('has the record of a poster, whose address is in any case', async () => {
  for (const address of [poster, poster.toLowerCase(), `0x${poster.slice(2).toUpperCase()}`]) {
    const { status, body, headers } = await api.get(`/api/posters/${address}?minBlock=10`)
    expect([status, headers.get('X-Indexed-Block')]).toEqual([200, '10'])
    expect(body).toEqual({
      address: poster,
      runs: { ...none, OPEN: 2, APPROVED: 2, REJECTED: 1 },
      paidByOthers: 2,
      approved: 2,
      rejected: 1,
      expired: 3,
      paid: String(2n ** 100n),
      burned: '10000000',
      reviews: 3,
      meanReviewSeconds: 333,
      longestReviewSeconds: 900,
    })
  }
})

it('has no times of reviews where there was none, and zeros for an account that has posted nothing', async () => {
  const unreviewed = {
    paid: '0',
    burned: '0',
    expired: 0,
    reviews: 0,
    meanReviewSeconds: null,
    longestReviewSeconds: null,
  }
  const { body } = await api.get(`/api/posters/${wallet}`)
  expect(body).toMatchObject({ ...unreviewed, runs: { ...none, OPEN: 1 } })
  const stranger = await api.get(`/api/posters/0x${'12'.repeat(20)}`)
  expect([stranger.status, stranger.body]).toMatchObject([200, { ...unreviewed, runs: none }])
})

it('is on each run in its short form', async () => {
  const record = { approved: 2, rejected: 1, expired: 3, meanReviewSeconds: 333 }
  expect((await api.get('/api/runs/1')).body.posterRecord).toEqual(record)
  expect((await api.get('/api/runs/5')).body.posterRecord).toEqual({
    approved: 0,
    rejected: 0,
    expired: 0,
    meanReviewSeconds: null,
  })
  expect(await (await api.app.request('/runs/1')).text()).toContain('2 approved, 1 rejected')
})

it.each(['0x12', '1', `${poster}0`, `0x${'zz'.repeat(20)}`])('refuses what is no address: %s', async (address) => {
  const { status, body } = await api.get(`/api/posters/${address}`)
  expect([status, body.field]).toEqual([400, 'address'])
})
