import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { run, runStates } from '../../ponder.schema.ts'
import type { Answer } from '../support/describedAnswers.ts'
import { openRun, poster, seedTime, wallet } from '../support/rows.ts'
import { emptyIndex, type IndexedDatabase } from './indexedDatabase.ts'
import { type TestApi, testApi } from './testApi.ts'

type Row = Required<typeof run.$inferInsert>

let index: IndexedDatabase
let api: TestApi

const random = xoroshiro128plus(5)
const below = (limit: number) => (random.next() >>> 0) % limit
function pick<T>(choices: readonly T[]): T {
  const choice = choices[below(choices.length)]
  if (choice === undefined) throw new Error('There are no choices to pick from')
  return choice
}

/** Ids on both sides of the edge of a band. */
const firstId = 9_960n
const last = 10_042

/** Rewards within bands, on their edges, and equal; deadlines around now, which is the edge of a band, and equal. */
const rewards = [10_000n, 10_999n, 11_000n, 99_999_999n, 100_000_000n, 104_000_000n, 109_999_999n, 110_000_000n]
const rows = Array.from({ length: 83 }, (_, place) => {
  const id = firstId + BigInt(place)
  const state = pick([...runStates, 'OPEN', 'OPEN', 'OPEN'] as const)
  const claimedBy = state === 'OPEN' || state === 'DRAFT' ? null : pick([0n, 7n, 2n ** 200n])
  return openRun(id, {
    state,
    reward: pick(rewards),
    deadline: seedTime + BigInt(below(5) - 2),
    posterAddress: pick([poster, wallet]),
    claimedBy,
    evaluator: pick([null, wallet]),
    claimant: pick([null, null, wallet]),
    createdAt: seedTime + id / 3n,
  }) as Row
})

beforeAll(async () => {
  index = await emptyIndex()
  await index.db.insert(run).values(rows)
  await index.moveTo({ number: 10n, timestamp: seedTime })
  api = await testApi(index.url, () => 0)
})

afterAll(async () => {
  await api.close()
  await index.close()
})

type Filters = Partial<
  Record<'state' | 'minReward' | 'poster' | 'evaluator' | 'claimedBy' | 'claimant' | 'claimable', string>
>

/** The filters' rules in TypeScript. */
function matches(row: Row, { state, minReward, poster, evaluator, claimedBy, claimant, claimable }: Filters): boolean {
  const isClaimable = row.state === 'OPEN' && row.deadline >= seedTime
  return (
    (state === undefined || row.state === state) &&
    (minReward === undefined || Number(row.reward) >= Number(minReward) * 1e6) &&
    (poster === undefined || row.posterAddress === poster) &&
    (evaluator === undefined || row.evaluator === evaluator) &&
    (claimedBy === undefined || row.claimedBy === BigInt(claimedBy)) &&
    (claimant === undefined || (row.claimant ?? 'none') === claimant) &&
    (claimable === undefined || isClaimable === (claimable === 'true'))
  )
}

const combinations: Filters[] = [{}]
  .flatMap((rest) => [undefined, 'OPEN', 'APPROVED', 'DRAFT'].map((state) => ({ ...rest, state })))
  .flatMap((rest) => [undefined, '100', '101.5', '0.0105'].map((minReward) => ({ ...rest, minReward })))
  .flatMap((rest) =>
    [
      {},
      { poster },
      { evaluator: wallet },
      { poster, evaluator: wallet },
      { claimant: wallet },
      { claimant: 'none' },
    ].map((parties) => ({ ...rest, ...parties })),
  )
  .flatMap((rest) => [undefined, '7'].map((claimedBy) => ({ ...rest, claimedBy })))
  .flatMap((rest) => [undefined, 'true', 'false'].map((claimable) => ({ ...rest, claimable })))
  .map((filters) => JSON.parse(JSON.stringify(filters)))

/** The ids and pagination of a page. Reads without `api.get`, whose validation takes longer than the answer. */
async function page(query: Record<string, string | number>) {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) search.set(name, String(value))
  const response = await api.app.request(`/api/runs?${search}`)
  const body = (await response.json()) as Answer['body']
  expect(response.status, JSON.stringify(body)).toBe(200)
  return { ids: body.runs.map(({ bountyId }: { bountyId: number }) => bountyId) as number[], ...body.pagination }
}

const sorts = ['createdAt', 'reward', 'deadline'] as const

/** Each combination is listed in both orders of one sort. Three that follow each other differ in `claimable` only. */
const sortOf = (place: number) => sorts[(place + Math.floor(place / 3)) % 3]

describe.each(sorts)('lists by %s', (sort) => {
  it.each(['asc', 'desc'])(
    '%s return the expected pages and totals for every filter, by number and by cursor',
    {
      timeout: 120_000,
    },
    async (order) => {
      const sign = order === 'asc' ? 1 : -1
      for (const filters of combinations.filter((_, place) => sortOf(place) === sort)) {
        const list = { ...filters, sort, order }
        const expected = rows
          .filter((row) => matches(row, filters))
          .sort((a, b) => sign * (Number(a[sort] - b[sort]) || Number(a.bountyId - b.bountyId)))
          .map(({ bountyId }) => Number(bountyId))
        const total = expected.length
        const what = JSON.stringify(list)
        expect(await page({ ...list, limit: 100 }), what).toMatchObject({ ids: expected, total, nextCursor: null })

        const limit = 1 + below(20)
        const lastPage = Math.max(Math.ceil(total / limit), 1)
        for (const number of new Set([1, Math.min(2, lastPage), 1 + below(lastPage), lastPage, lastPage + 1])) {
          const { ids, ...pagination } = await page({ ...list, limit, page: number })
          expect(ids, `${what} page ${number} of ${limit}`).toEqual(
            expected.slice((number - 1) * limit, number * limit),
          )
          expect(pagination).toMatchObject({ page: number, total, totalPages: Math.ceil(total / limit) })
          if (pagination.nextCursor === null) expect(number).toBeGreaterThanOrEqual(lastPage)
          else {
            const following = await page({ ...list, limit, cursor: pagination.nextCursor })
            expect(following.ids).toEqual(expected.slice(number * limit, (number + 1) * limit))
            expect(following).toMatchObject({ page: null, total, totalPages: Math.ceil(total / limit) })
          }
        }
      }
    },
  )
})

describe('concurrently requested pages', () => {
  it('are read two at a time if they are expensive, and refused if too many of one client wait', async () => {
    let reading = 0
    let most = 0
    const original = api.readPool.connect.bind(api.readPool)
    const connect = vi.spyOn(api.readPool, 'connect').mockImplementation((async () => {
      const client = await original()
      most = Math.max(most, ++reading)
      const release = client.release.bind(client)
      client.release = (...of) => {
        reading--
        client.release = release
        release(...of)
      }
      return client
    }) as never)
    const paths = Array.from({ length: 80 }, (_, place) => `poster=${poster}&minReward=0.0105&limit=${place + 1}`)
    const answers = await Promise.all(paths.map((path) => api.app.request(`/api/runs?${path}`)))
    connect.mockRestore()
    const accepted = 2 + 64
    expect(answers.map(({ status }) => status)).toEqual(paths.map((_, place) => (place < accepted ? 200 : 429)))
    // A connection is released a moment after its answer.
    expect(most).toBeLessThanOrEqual(4)
    expect(await answers[79]?.json()).toMatchObject({ code: 'RATE_LIMITED' })
  })

  it('do not wait for a page that waits for a later block', async () => {
    const later = page({ limit: 3, minBlock: 11 })
    expect(await page({ limit: 3, minBlock: 10 })).toMatchObject({ ids: [last, last - 1, last - 2] })
    await index.moveTo({ number: 11n, timestamp: seedTime })
    expect(await later).toMatchObject({ ids: [last, last - 1, last - 2] })
  })
})

describe('cursor', () => {
  it('reaches the last row with any limits', async () => {
    const seen: number[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const next = await page({ limit: 1 + below(9), ...(cursor && { cursor }) })
      seen.push(...next.ids)
      cursor = next.nextCursor
    }
    expect(seen).toEqual(rows.map(({ bountyId }) => Number(bountyId)).reverse())
  })

  it('does not skip or repeat a row while rows are added at the top', async () => {
    const first = await page({ limit: 5 })
    const cursor = first.nextCursor
    await index.moveTo({ number: 12n, timestamp: seedTime }, (tx) => tx.insert(run).values(openRun(BigInt(last + 1))))
    expect((await page({ limit: 5, cursor, minBlock: 12 })).ids).toEqual([5, 6, 7, 8, 9].map((place) => last - place))
  })

  it.each([
    'sort=reward',
    'order=asc',
    'state=OPEN',
    'minReward=1',
    `poster=${poster}`,
    `evaluator=${poster}`,
    'claimedBy=7',
    'claimable=true',
  ])('is refused with other list parameters: %s', async (filter) => {
    const { nextCursor } = await page({ limit: 5 })
    const { status, body } = await api.get(`/api/runs?${filter}&cursor=${nextCursor}`)
    expect([status, body.code, body.field, body.value]).toEqual([400, 'VALIDATION_FAILED', 'cursor', nextCursor])
    expect(body.detail).toContain('the same filters and order')
  })

  it.each([
    '',
    'x',
    '1',
    'AAAA',
    '%00',
    '{}',
    'A'.repeat(32),
    'A'.repeat(33),
    'A'.repeat(5_000),
    '________________________________',
  ])('is refused if the API did not return it: %s', async (cursor) => {
    const { status, body } = await api.get(`/api/runs?cursor=${cursor}`)
    expect([status, body.code, body.field]).toEqual([400, 'VALIDATION_FAILED', 'cursor'])
  })

  it('is refused together with a page, or twice', async () => {
    const { nextCursor } = await page({ limit: 5 })
    const beside = await api.get(`/api/runs?page=2&cursor=${nextCursor}`)
    expect([beside.status, beside.body.field, beside.body.detail]).toEqual([
      400,
      'page',
      'page: must not be given with cursor, got 2.',
    ])
    expect((await api.get(`/api/runs?cursor=${nextCursor}&cursor=${nextCursor}`)).status).toBe(400)
  })

  it('accepts any position in its list, also one without a row', async () => {
    const { nextCursor } = await page({ limit: 5, sort: 'reward' })
    const bytes = Buffer.from(nextCursor, 'base64url')
    for (const [value, expected] of [
      [-(2n ** 63n), []],
      [2n ** 63n - 1n, 84],
    ] as const) {
      bytes.writeBigInt64BE(value, 8)
      const { ids } = await page({ limit: 100, sort: 'reward', cursor: bytes.toString('base64url') })
      expect(ids).toHaveLength(typeof expected === 'number' ? expected : 0)
    }
  })
})
