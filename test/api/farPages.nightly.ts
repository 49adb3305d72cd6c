import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRandom } from '../simulation/random.ts'
import type { Answer } from '../support/describedAnswers.ts'
import { busyAgent, expiredRuns, manyRuns, whale } from '../support/manyRuns.ts'
import { seedTime } from '../support/rows.ts'
import { type IndexedDatabase, indexedDatabase } from './indexedDatabase.ts'
import { type TestApi, testApi } from './testApi.ts'

/** Most of their pages are so far that they are read in turn, and some are beyond the runs that are counted. */
const runs = 30_000
const mostCounted = 10_000
/** All but the newest, which are OPEN and expired. */
const others = 24_000

const now = seedTime + 5_000n

let index: IndexedDatabase
let api: TestApi

beforeAll(async () => {
  index = await indexedDatabase()
  await index.create(manyRuns(others, now), expiredRuns(runs - others, now, others + 1))
  await index.moveTo({ number: 10n, timestamp: now })
  await index.pool.query('VACUUM ANALYZE')
  api = await testApi(index.url, () => 0)
}, 120_000)

afterAll(async () => {
  await api?.close()
  await index?.close()
})

/** Each list's filter, and the same in SQL. */
const lists = [
  ['', 'true'],
  ['state=APPROVED', `state = 'APPROVED'`],
  ['state=OPEN', `state = 'OPEN'`],
  ['claimable=true', `state = 'OPEN' AND deadline >= ${now}`],
  ['claimable=True', `state = 'OPEN' AND deadline >= ${now}`],
  ['claimable=false', `NOT (state = 'OPEN' AND deadline >= ${now})`],
  ['minReward=1.23', 'reward >= 1230000'],
  ['claimable=true&minReward=0.1', `state = 'OPEN' AND deadline >= ${now} AND reward >= 100000`],
  ['claimable=false&minReward=0.777', `NOT (state = 'OPEN' AND deadline >= ${now}) AND reward >= 777000`],
  ['state=APPROVED&minReward=0.5', `state = 'APPROVED' AND reward >= 500000`],
  [`poster=${whale}`, `poster_address = '${whale}'`],
  [`poster=${whale}&state=APPROVED`, `poster_address = '${whale}' AND state = 'APPROVED'`],
  [`poster=${whale}&claimable=true`, `poster_address = '${whale}' AND state = 'OPEN' AND deadline >= ${now}`],
  [`poster=${whale}&claimable=false`, `poster_address = '${whale}' AND NOT (state = 'OPEN' AND deadline >= ${now})`],
  [`poster=${whale}&minReward=0.05`, `poster_address = '${whale}' AND reward >= 50000`],
  [`claimedBy=${busyAgent}`, `claimed_by = ${busyAgent}`],
  [`evaluator=${whale}`, `evaluator = '${whale}'`],
] as const

const columns = { createdAt: 'bounty_id', reward: 'reward', deadline: 'deadline' } as const

describe.each(['createdAt', 'reward', 'deadline'] as const)(`of ${runs} runs by %s`, (sort) => {
  it.each(lists)(
    "pages of '%s' at any offset have the runs that SQL lists",
    { timeout: 60_000 },
    async (filter, where) => {
      const random = createRandom(runs)
      for (const order of ['asc', 'desc']) {
        const { rows } = await index.pool.query<{ id: string }>(
          `SELECT bounty_id AS id FROM run WHERE ${where} ORDER BY ${columns[sort]} ${order}, bounty_id ${order}`,
        )
        const ids = rows.map(({ id }) => Number(id))
        const limit = random.int(5, 100)
        const last = Math.ceil(ids.length / limit)
        const drawn = Array.from({ length: 6 }, () => random.int(1, last))
        for (const page of [...drawn, last, last + 1]) {
          const response = await api.app.request(
            `/api/runs?${filter}&sort=${sort}&order=${order}&limit=${limit}&page=${page}`,
          )
          const body = (await response.json()) as Answer['body']
          const where = `${order} page ${page} of ${limit}`
          const isExact = ids.length <= mostCounted
          if ((page - 1) * limit >= mostCounted && !isExact) {
            expect([where, response.status, body.field, body.value]).toEqual([where, 400, 'page', String(page)])
            expect(body.detail).toContain('cursor')
            continue
          }
          const { runs, pagination } = body
          const total = Math.min(ids.length, mostCounted)
          const listed = runs.map(({ bountyId }: { bountyId: number }) => bountyId)
          expect(listed, where).toEqual(ids.slice((page - 1) * limit, page * limit))
          expect(pagination, where).toMatchObject({
            total,
            totalIsExact: isExact,
            totalPages: Math.ceil(total / limit),
          })
          expect(pagination.nextCursor === null, where).toBe(page >= last)
        }
      }
    },
  )
})

it.each(['asc', 'desc'])(
  'pages of all runs, %s, have the runs that SQL lists where an id is missing',
  async (order) => {
    const missing = order === 'asc' ? 5_000 : 25_000
    await index.moveTo({ number: BigInt(missing), timestamp: now }, (tx) =>
      tx.execute(sql`DELETE FROM run WHERE bounty_id = ${missing}`),
    )
    const { rows } = await index.pool.query<{ id: string }>(
      `SELECT bounty_id AS id FROM run ORDER BY bounty_id ${order}`,
    )
    const ids = rows.map(({ id }) => Number(id))
    for (const page of [1, 2, 50, 51, 99, 100]) {
      const response = await api.app.request(`/api/runs?order=${order}&limit=100&page=${page}`)
      const { runs } = (await response.json()) as Answer['body']
      const listed = runs.map(({ bountyId }: { bountyId: number }) => bountyId)
      expect(listed, `page ${page}`).toEqual(ids.slice((page - 1) * 100, page * 100))
    }
  },
)
