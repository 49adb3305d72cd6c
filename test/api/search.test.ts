import { type SQL, sql } from 'drizzle-orm'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { blockContent, unblockContent } from '../../content/block.ts'
import { run } from '../../ponder.schema.ts'
import type { ReadQuery } from '../../src/api/database/sharedConnections.ts'
import { forgetMatches } from '../../src/api/queries/knownMatches.ts'
import { storeBriefs } from '../../testkit/manyBriefs.ts'
import { manyRuns, whale } from '../../testkit/manyRuns.ts'
import { openRun, seedTime } from '../../testkit/rows.ts'
import type { Answer } from '../support/describedAnswers.ts'
import { type IndexedDatabase, indexedDatabase } from './indexedDatabase.ts'
import { type TestApi, testApi } from './testApi.ts'

/** More than the 20,000 matches from which on a search does not count them. */
const runs = 26_000

/** The greatest total that is exact. */
const mostCounted = 10_000

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
  const storeAt = (time: string) =>
    index.pool.query(`ALTER TABLE content.brief_words ALTER COLUMN stored_at SET DEFAULT ${time}`)
  await storeAt(`'2020-01-01'`)
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
  await storeAt('clock_timestamp()')
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

/** Whether the matches of a search may be known from an earlier request. */
let isRemembered = true

async function page(query: Record<string, string | number>) {
  if (!isRemembered) forgetMatches(api.db)
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) search.set(name, String(value))
  const response = await api.app.request(`/api/runs?${search}`)
  const body = (await response.json()) as Answer['body']
  expect(response.status, JSON.stringify(body)).toBe(200)
  return { ids: body.runs.map(({ bountyId }: { bountyId: number }) => bountyId) as number[], ...body.pagination }
}

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
  [{ q: '-every' }, `NOT ${isWord('every')}`],
  [{ q: '"every half"' }, `title LIKE '%every half%'`],
  [{ q: '"half every"' }, 'false'],
  [{ q: 'run12' }, `summary = 'Summary of run12'`],
  [{ tag: 'c++' }, `'c++' = ANY(tags)`],
  [{ q: 'third' }, `'third' = ANY(tags)`],
  [{ q: 'rare', tag: 'third' }, `${isWord('rare')} AND 'third' = ANY(tags)`],
  [{ tag: 'c' }, 'false'],
  [{ q: 'run12 run13' }, 'false'],
]

const others: [Record<string, string>, string][] = [
  [{}, 'true'],
  [{ state: 'OPEN' }, `state = 'OPEN'`],
  [{ claimable: 'true' }, `state = 'OPEN' AND deadline >= ${seedTime}`],
  [{ claimable: 'false', state: 'OPEN' }, `state = 'OPEN' AND deadline < ${seedTime}`],
  [{ minReward: '900' }, 'reward >= 900000000'],
  [{ poster: whale, state: 'REJECTED' }, `poster_address = '${whale}' AND state = 'REJECTED'`],
  [{ claimedBy: '7', minReward: '1', claimable: 'false' }, 'claimed_by = 7 AND reward >= 1000000'],
]

const orders: [Record<string, string>, string][] = [
  [{}, 'bounty_id DESC'],
  [{ order: 'asc' }, 'bounty_id'],
  [{ sort: 'reward' }, 'reward DESC, bounty_id DESC'],
  [{ sort: 'deadline', order: 'asc' }, 'deadline, bounty_id'],
]

describe.each(ofWords)('%j', (search, condition) => {
  it.each([false, true])(
    'has the expected pages and totals with every other filter, remembered: %s',
    async (remembers) => {
      isRemembered = remembers
      for (const [place, [filter, also]] of others.entries()) {
        // All orders for the words, which are found in all ways; one in turn for the others.
        const ofWord = Object.keys(words).includes(search.q ?? '') && place === 0
        for (const [sort, order] of ofWord ? orders : orders.slice(place % orders.length).slice(0, 1)) {
          const list = { ...search, ...filter, ...sort }
          const what = JSON.stringify(list)
          const expected = await expectedIds(condition, also, order)
          const first = await page({ ...list, limit: 7 })
          expect(first.ids, what).toEqual(expected.slice(0, 7))
          if (first.totalIsExact) expect(first.total, what).toBe(expected.length)
          else expect(first.total, what).toBe(mostCounted)
          if (expected.length <= mostCounted) expect(first.totalIsExact, what).toBe(true)
          if (first.nextCursor === null) {
            expect(expected.length, what).toBeLessThanOrEqual(7)
            continue
          }
          const next = await page({ ...list, limit: 100, cursor: first.nextCursor })
          expect(next, what).toMatchObject({ ids: expected.slice(7, 107), total: first.total, page: null })
          const number = Math.min(100, Math.ceil(expected.length / 7))
          const far = await page({ ...list, limit: 7, page: number })
          expect(far, what).toMatchObject({ ids: expected.slice(7 * (number - 1), 7 * number), total: first.total })
        }
      }
    },
    120_000,
  )
})

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
  expect([status, body.code, body.field, body.value]).toEqual([400, 'VALIDATION_FAILED', 'page', '101'])
  expect(body.detail).toContain('cursor')
  expect((await page({ q: 'every', limit: 100, page: mostCounted / 100 })).ids).toHaveLength(100)
})

it('a cursor of another search is refused', async () => {
  const { nextCursor } = await page({ q: 'half', limit: 5 })
  for (const query of ['', 'q=every&', 'q=half&tag=third&', 'tag=half&']) {
    const { status, body } = await api.get(`/api/runs?${query}cursor=${nextCursor}`)
    expect([query, status, body.field]).toEqual([query, 400, 'cursor'])
  }
})

it('a search has a connection of its own', async () => {
  const query = vi.spyOn(api.readPool, 'query')
  await page({ q: 'every', limit: 9 })
  const sent = query.mock.calls.map(([config]) => config as unknown as ReadQuery)
  query.mockRestore()
  expect(sent.filter(({ name }) => name?.startsWith('runs')).map(({ alone }) => alone)).toEqual([true])
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
    `${'-b '.repeat(66)}`,
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
    expect([q, response.status]).toEqual([q, 200])
  }
}, 60_000)

describe('a search that is repeated', () => {
  /** Other URLs are other entries of the response cache. */
  let limit = 20
  const found = async (order = 'asc') => (await page({ tag: 'third', order, limit: limit++ })).ids.slice(0, 3)
  const storeBrief = (uri: string) =>
    index.db.execute(
      storeBriefs(sql`SELECT ${uri}::text AS uri, 'Title' AS title, NULL AS summary, '{third}'::text[] AS tags`),
    )

  /** How often the database was asked for all matches. */
  function countReads() {
    const query = vi.spyOn(api.readPool, 'query')
    return () => {
      const sent = query.mock.calls.map(([config]) => config as unknown as ReadQuery)
      query.mockRestore()
      return sent.filter(({ name }) => name === 'matches of a search').length
    }
  }

  beforeEach(async () => {
    await index.pool.query(`DELETE FROM content.item WHERE uri IN ('ipfs://of5', 'ipfs://of9')`)
    await index.pool.query(`UPDATE run SET ipfs_hash = 'ipfs://of' || bounty_id WHERE bounty_id IN (5, 9)`)
    await storeBrief('ipfs://of9')
    forgetMatches(api.db)
    const reads = countReads()
    for (let times = 0; times < 4; times++) expect(await found()).toEqual([3, 6, 9])
    expect(reads()).toBe(1)
  })

  it('finds a brief as soon as it is stored', async () => {
    const reads = countReads()
    await storeBrief('ipfs://of5')
    for (let times = 0; times < 2; times++) expect(await found()).toEqual([3, 5, 6])
    expect(reads()).toBe(0)
  })

  it('adds what is later after five minutes, and keeps the rest', async () => {
    await storeBrief('ipfs://of5')
    const now = performance.now()
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now + 301_000)
    const reads = countReads()
    for (let times = 0; times < 2; times++) expect(await found()).toEqual([3, 5, 6])
    clock.mockRestore()
    expect(reads()).toBe(1)
    // No longer as a brief that was stored later.
    await index.pool.query(`UPDATE content.brief_words SET stored_at = '2020-01-01' WHERE uri = 'ipfs://of5'`)
    expect(await found()).toEqual([3, 5, 6])
  })

  it('finds the same where so many briefs were stored that it begins anew', async () => {
    const setTime = (time: string) =>
      index.pool.query(`UPDATE content.brief_words SET stored_at = ${time} WHERE uri LIKE 'ipfs://unnamed1%'`)
    await setTime('clock_timestamp()')
    await storeBrief('ipfs://of5')
    for (let times = 0; times < 2; times++) expect(await found()).toEqual([3, 5, 6])
    await setTime(`'2020-01-01'`)
  })

  it('finds no brief that is taken down, and finds it again once it is stored again', async () => {
    const client = await index.pool.connect()
    await blockContent(client, 'of9')
    expect(await found()).toEqual([3, 6, 12])
    await unblockContent(client, 'of9')
    client.release()
    expect(await found()).toEqual([3, 6, 12])
    await storeBrief('ipfs://of9')
    expect(await found()).toEqual([3, 6, 9])
  })

  it('finds the runs of later blocks', async () => {
    const [newest = 0] = await found('desc')
    const later = BigInt(runs) + 1n
    await index.moveTo({ number: 11n, timestamp: seedTime + 2n }, (tx) =>
      tx.insert(run).values(openRun(later, { ipfsHash: 'ipfs://of9' })),
    )
    const reads = countReads()
    expect(await found('desc')).toEqual([Number(later), newest, newest - 3])
    expect(reads()).toBe(0)
    await index.moveTo({ number: 12n, timestamp: seedTime + 2n }, removeRun(later))
  })

  it('does not remember a run that a reorg can remove', async () => {
    const [newest = 0] = await found('desc')
    const last = BigInt(runs) + 1n
    const timestamp = seedTime + 3n
    await index.moveTo({ number: 13n, timestamp }, (tx) =>
      tx.insert(run).values(openRun(last, { ipfsHash: 'ipfs://of9', createdAt: timestamp })),
    )
    forgetMatches(api.db)
    for (let times = 0; times < 3; times++) expect(await found('desc')).toEqual([Number(last), newest, newest - 3])
    await index.moveTo({ number: 14n, timestamp }, removeRun(last))
    expect(await found('desc')).toEqual([newest, newest - 3, newest - 6])
  })

  const removeRun = (id: bigint) => (tx: { execute(statement: SQL): PromiseLike<unknown> }) =>
    tx.execute(sql`DELETE FROM run WHERE bounty_id = ${id}`)
})

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
