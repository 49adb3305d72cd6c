import { sql } from 'drizzle-orm'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { formatUnits } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { blockContent } from '../../src/api/content/block.ts'
import type { RunList } from '../../src/api/queries/runs.ts'
import type { Answer } from '../support/describedAnswers.ts'
import { storeBriefs } from '../support/manyBriefs.ts'
import { manyRuns, whale } from '../support/manyRuns.ts'
import { seedTime } from '../support/rows.ts'
import { type IndexedDatabase, indexedDatabase } from './indexedDatabase.ts'
import { type TestApi, testApi } from './testApi.ts'

const runs = 26_000

/** The greatest total that is exact. */
const mostCounted = 1_000

/** Words, and which runs' briefs have them. */
const words = {
  every: 'true',
  half: 'bounty_id % 2 = 0',
  rare: 'bounty_id % 997 = 0',
  // Frequent, but the newest runs lack it: a walk from the newest gives up.
  elder: 'bounty_id <= 22000',
  // Fewer than what is surely more than 10,000.
  older: 'bounty_id <= 12000',
  // Only few runs name the briefs that have it.
  ghost: 'bounty_id % 5000 = 0',
}

type Word = keyof typeof words

let index: IndexedDatabase
let api: TestApi

beforeAll(async () => {
  index = await indexedDatabase()
  await index.create(manyRuns(runs))
  // Two runs may name one brief, and a run a brief that is not stored.
  await index.pool.query(`UPDATE run SET ipfs_hash = 'ipfs://shared' WHERE bounty_id % 1994 = 0`)
  await index.pool.query(`UPDATE run SET ipfs_hash = 'ipfs://absent' WHERE bounty_id % 1000 = 1`)
  const has = (word: string, condition: string) => `CASE WHEN ${condition} THEN ' ${word}' ELSE '' END`
  const title = Object.entries(words).map(([word, condition]) => has(word, condition))
  await index.db.execute(
    storeBriefs(sql`SELECT ipfs_hash AS uri, ${sql.raw(`'Title' || ${title.join(' || ')}`)} AS title,
      'Summary of run' || bounty_id AS summary, ${sql.raw(`CASE WHEN bounty_id % 3 = 0 THEN '{c++,third}' ELSE '{}' END`)}::text[] AS tags
      FROM (SELECT DISTINCT ON (ipfs_hash) * FROM run WHERE ipfs_hash <> 'ipfs://absent' ORDER BY ipfs_hash, bounty_id) AS run`),
  )
  await index.db.execute(
    storeBriefs(sql`SELECT 'ipfs://unnamed' || n AS uri, 'A ghost' AS title, NULL AS summary, '{}'::text[] AS tags
      FROM generate_series(1, ${runs}::int) AS n`),
  )
  await index.moveTo({ number: 10n, timestamp: seedTime })
  await index.pool.query('VACUUM ANALYZE')
  api = await testApi(index.url, () => 0)
}, 300_000)

afterAll(async () => {
  // Warnings, such as of a database that is slow, are no failures.
  expect(api.logged.filter((line) => JSON.parse(line).level >= 50)).toEqual([])
  await api.close()
  await index.close()
})

async function page(query: Record<string, string | number>) {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) search.set(name, String(value))
  const response = await api.app.request(`/api/runs?${search}`)
  const body = (await response.json()) as Answer['body']
  expect(response.status, JSON.stringify(body)).toBe(200)
  return { ids: idsOf(body.runs), ...body.pagination }
}

const idsOf = (runs: { bountyId: number }[]) => runs.map(({ bountyId }) => bountyId)

/** The ids that the list has, by PostgreSQL without any index of words. */
async function expectedIds(brief: string, others: string, order: string): Promise<number[]> {
  const { rows } = await index.pool.query<{ id: string }>(
    `SELECT run.bounty_id AS id FROM run JOIN content.brief ON uri = ipfs_hash WHERE (${brief}) AND (${others}) ORDER BY ${order}`,
  )
  return rows.map(({ id }) => Number(id))
}

const isWord = (word: string) => `title ~ '\\m${word}\\M'`

const ofWords: [Record<string, string>, string][] = [
  ...Object.keys(words).map((word): [Record<string, string>, string] => [{ q: word }, isWord(word)]),
  [{ q: 'EVERY -half' }, `${isWord('every')} AND NOT ${isWord('half')}`],
  [{ q: 'rare or ghost' }, `${isWord('rare')} OR (${isWord('ghost')})`],
  [{ q: '"every half"' }, `title LIKE '%every half%'`],
  [{ q: '"half every"' }, 'false'],
  [{ q: 'run12' }, `summary = 'Summary of run12'`],
  [{ tag: 'c++' }, `'c++' = ANY(tags)`],
  [{ q: 'third' }, `'third' = ANY(tags)`],
  [{ q: 'rare', tag: 'third' }, `${isWord('rare')} AND 'third' = ANY(tags)`],
  [{ tag: 'c' }, 'false'],
  [{ q: 'run12 run13' }, 'false'],
]

const others: [Partial<RunList>, string][] = [
  [{}, 'true'],
  [{ state: 'OPEN' }, `state = 'OPEN'`],
  [{ claimable: true }, `state = 'OPEN' AND deadline >= ${seedTime}`],
  [{ claimable: false }, `(state <> 'OPEN' OR deadline < ${seedTime})`],
  [{ claimable: false, state: 'OPEN' }, `state = 'OPEN' AND deadline < ${seedTime}`],
  [{ claimable: true, state: 'APPROVED' }, 'false'],
  [{ minReward: 900_000_000n }, 'reward >= 900000000'],
  [{ minReward: 1_500_000n, state: 'APPROVED' }, `reward >= 1500000 AND state = 'APPROVED'`],
  [{ poster: whale, state: 'REJECTED' }, `poster_address = '${whale}' AND state = 'REJECTED'`],
  [{ claimedBy: 7n, minReward: 1_000_000n, claimable: false }, 'claimed_by = 7 AND reward >= 1000000'],
]

const newest = { sort: 'createdAt', order: 'desc' } as const
const orders: [Pick<RunList, 'sort' | 'order'>, string][] = [
  [newest, 'bounty_id DESC'],
  [{ sort: 'createdAt', order: 'asc' }, 'bounty_id'],
  [{ sort: 'reward', order: 'desc' }, 'reward DESC, bounty_id DESC'],
  [{ sort: 'deadline', order: 'asc' }, 'deadline, bounty_id'],
]

/** The query of the list. `minReward` is in whole USDC there. */
const queryOf = ({ minReward, ...list }: RunList) => ({
  ...Object.fromEntries(Object.entries(list).map(([name, value]) => [name, String(value)])),
  ...(minReward !== undefined && { minReward: formatUnits(minReward, 6) }),
})

describe.each(ofWords)('%j', (search, condition) => {
  // All orders for the words, which are found in all ways; one in turn for the others.
  const lists = others.flatMap(([filter, also], place) => {
    const isOfAllOrders = Object.keys(words).includes(search.q ?? '') && place === 0
    const ofOrders = isOfAllOrders ? orders : orders.slice(place % orders.length).slice(0, 1)
    return ofOrders.map(([sort, order]) => ({ list: { ...search, ...filter, ...sort } as RunList, also, order }))
  })

  it('has the expected pages and totals with every other filter', async () => {
    for (const { list, also, order } of lists) {
      const query = queryOf(list)
      const what = JSON.stringify(query)
      const expected = await expectedIds(condition, also, order)
      const first = await page({ ...query, limit: 7 })
      expect(first.ids, what).toEqual(expected.slice(0, 7))
      expectTotal(first.totalIsExact, first.total, expected, what)
      if (first.nextCursor === null) {
        expect(expected.length, what).toBeLessThanOrEqual(7)
        continue
      }
      const next = await page({ ...query, limit: 100, cursor: first.nextCursor })
      expect(next, what).toMatchObject({ ids: expected.slice(7, 107), total: first.total, page: null })
      const number = lastPageOf(expected)
      const far = await page({ ...query, limit: 7, page: number })
      expect(far, what).toMatchObject({ ids: expected.slice(7 * (number - 1), 7 * number), total: first.total })
    }
  }, 120_000)
})

function expectTotal(isExact: boolean, total: number, expected: number[], what: string) {
  expect(total, what).toBe(isExact ? expected.length : mostCounted)
  if (expected.length <= mostCounted) expect(isExact, what).toBe(true)
}

/** Of pages of seven, not beyond the hundredth: within the runs that are counted. */
const lastPageOf = (expected: number[]) => Math.min(100, Math.ceil(expected.length / 7))

it('a cursor reaches the last run of a search, also beyond the runs that are counted', async () => {
  const expected = await expectedIds(isWord('elder'), 'true', 'bounty_id')
  const seen: number[] = []
  for (let cursor: string | null = ''; cursor !== null && seen.length < expected.length; ) {
    const next: Awaited<ReturnType<typeof page>> = await page({
      q: 'elder',
      order: 'asc',
      limit: 100,
      ...(cursor && { cursor }),
    })
    seen.push(...next.ids)
    cursor = next.nextCursor
  }
  expect(seen).toEqual(expected)
}, 120_000)

it('a page that begins after the runs that are counted is refused, and names the cursor', async () => {
  const { status, body } = await api.get(`/api/runs?q=every&limit=100&page=${mostCounted / 100 + 1}`)
  expect([status, body.code, body.field, body.value]).toEqual([400, 'VALIDATION_FAILED', 'page', '11'])
  expect(body.detail).toContain('cursor')
  expect((await page({ q: 'every', limit: 100, page: mostCounted / 100 })).ids).toHaveLength(100)
})

describe('a word that a brief must not have', () => {
  it.each(['-every', '-half -rare', 'every or -half', '-half or rare', '-"every half"', '-b '.repeat(30).trim()])(
    '%j is refused without one beside it that it must have',
    async (q) => {
      const { status, body } = await api.get(`/api/runs?${new URLSearchParams({ q })}`)
      expect([status, body.code, body.field, body.value]).toEqual([400, 'VALIDATION_FAILED', 'q', q])
      expect(body.detail).toContain(
        'must have a word without - beside each word with -, in each part between or; or give a tag',
      )
    },
  )

  it.each(['every -half', 'rare -half or ghost -every', '-half every'])('%j is answered', async (q) => {
    expect((await api.get(`/api/runs?${new URLSearchParams({ q })}`)).status).toBe(200)
  })

  it('is answered beside a tag', async () => {
    const expected = await expectedIds(`'third' = ANY(tags) AND NOT ${isWord('half')}`, 'true', 'bounty_id DESC')
    expect((await page({ q: '-half', tag: 'third', limit: 100 })).ids).toEqual(expected.slice(0, 100))
  })
})

it('a cursor of another search is refused', async () => {
  const { nextCursor } = await page({ q: 'half', limit: 5 })
  for (const query of ['', 'q=every&', 'q=half&tag=third&', 'tag=half&']) {
    const { status, body } = await api.get(`/api/runs?${query}cursor=${nextCursor}`)
    expect([query, status, body.field]).toEqual([query, 400, 'cursor'])
  }
})

describe('hostile words', () => {
  const nothing = ['"', '- - -', '!!!&&|():*', ' ', '\u202e\u200b', '---', '()', "'", '\\', '<->', '👾', '�']
  it.each(nothing)('%j match nothing, also beside a tag', async (q) => {
    expect(await page({ q })).toMatchObject({ ids: [], total: 0, totalIsExact: true })
    expect(await page({ q, tag: 'third' })).toMatchObject({ ids: [], total: 0 })
  })

  it.each([
    'or or or',
    'the and of a',
    `'; DROP TABLE run;--`,
    `every'::tsquery`,
    "every' & 'half",
    `${'a '.repeat(100)}`,
    'or '.repeat(66),
    '"a '.repeat(66),
    `${'"'.repeat(200)}`,
    'a'.repeat(200),
    '-'.repeat(200),
    'every\u202e half',
    '- '.repeat(100),
    '-\t-'.repeat(60),
    'a or '.repeat(40),
    'a -'.repeat(60),
    '"-'.repeat(100),
    'https://a.b/c?d=e every',
    'a-b-c-d-e-f-g-h',
    '𝓮'.repeat(200),
  ])('%j are answered', async (q) => {
    const { status } = await api.get(`/api/runs?${new URLSearchParams({ q })}`)
    expect(status).toBe(200)
  })
})

it('random words and operators are answered', async () => {
  const random = xoroshiro128plus(7)
  const parts = [
    'every',
    'half',
    ' ',
    ' ',
    '-',
    '"',
    ' or ',
    ' and ',
    '&',
    '|',
    '!',
    '(',
    ')',
    ':*',
    '<->',
    "'",
    '\\',
    '.',
    '@',
    '/',
    '1e5',
    '\u202e',
  ]
  for (let place = 0; place < 300; place++) {
    let q = ''
    while (q.length < 150) q += parts[(random.next() >>> 0) % parts.length]
    const response = await api.app.request(`/api/runs?${new URLSearchParams({ q, limit: '1' })}`)
    const { detail } = (await response.json()) as Answer['body']
    expect([q, detail?.startsWith('q: must have a word') ? 200 : response.status]).toEqual([q, 200])
  }
}, 60_000)

it('a brief is found as soon as it is stored, and no longer once it is taken down', async () => {
  const list = { q: 'supercalifragilistic' }
  expect((await page(list)).ids).toEqual([])
  await index.pool.query(`UPDATE run SET ipfs_hash = 'ipfs://of7' WHERE bounty_id = 7`)
  await index.db.execute(
    storeBriefs(
      sql`SELECT 'ipfs://of7' AS uri, 'Supercalifragilistic' AS title, NULL AS summary, '{}'::text[] AS tags`,
    ),
  )
  expect((await page({ ...list, minBlock: 10 })).ids).toEqual([7])
  const client = await index.pool.connect()
  await blockContent(client, 'of7')
  client.release()
  expect((await page({ ...list, minBlock: 10, limit: 19 })).ids).toEqual([])
})

const word: Word = 'every'
it(`a run without a brief is not found by the word that all briefs have, '${word}'`, async () => {
  const { ids } = await page({ q: word, order: 'asc', limit: 3 })
  expect(ids).toEqual([2, 3, 4])
})
