import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { formatUnits, type Hex } from 'viem'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { run, runEvent } from '../../ponder.schema.ts'
import { blockContent, unblockContent } from '../../src/api/content/block.ts'
import type { ReadQuery } from '../../src/api/database/sharedConnections.ts'
import { readMatches } from '../../src/api/queries/knownMatches.ts'
import type { RunList, RunStart } from '../../src/api/queries/runList.ts'
import { pageOfRuns } from '../../src/api/queries/runPages.ts'
import type { SnapshotQuery } from '../../src/api/queries/snapshot.ts'
import type { Answer } from '../support/describedAnswers.ts'
import { checkpointOf } from '../support/indexedTables.ts'
import { storeBriefs } from '../support/manyBriefs.ts'
import { manyRuns, whale } from '../support/manyRuns.ts'
import { eventOf, openRun, seedTime } from '../support/rows.ts'
import { blockHash, type IndexedDatabase, indexedDatabase } from './indexedDatabase.ts'
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

type Block = { number: bigint; timestamp: bigint; hash: Hex }

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
  app = api.app
}, 300_000)

afterAll(async () => {
  // Warnings, such as of a database that is slow, are no failures.
  expect(api.logged.filter((line) => JSON.parse(line).level >= 50)).toEqual([])
  await api.close()
  await index.close()
})

let app: TestApi['app']

async function page(query: Record<string, string | number>) {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) search.set(name, String(value))
  const response = await app.request(`/api/runs?${search}`)
  const body = (await response.json()) as Answer['body']
  expect(response.status, JSON.stringify(body)).toBe(200)
  return { ids: idsOf(body.runs), ...body.pagination }
}

const idsOf = (runs: { bountyId: number }[]) => runs.map(({ bountyId }) => bountyId)

/** A page that is found by the words of the briefs, as in the first request for a search. */
async function pageByWords(list: RunList, start: RunStart, limit: number) {
  const { data } = await api.index.read(pageOfRuns(list, start, limit).query)
  return { ...data, ids: idsOf(JSON.parse(`[${data.runs}]`)) }
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
      const what = JSON.stringify(queryOf(list))
      const expected = await expectedIds(condition, also, order)
      const first = await pageByWords(list, { offset: 0 }, 7)
      expect(first.ids, what).toEqual(expected.slice(0, 7))
      expectTotal(first.isTotalExact, first.total, expected, what)
      if (first.end === null) {
        expect(expected.length, what).toBeLessThanOrEqual(7)
        continue
      }
      const next = await pageByWords(list, { after: first.end }, 100)
      expect(next, what).toMatchObject({ ids: expected.slice(7, 107), total: first.total })
      const offset = 7 * (lastPageOf(expected) - 1)
      const far = await pageByWords(list, { offset }, 7)
      expect(far, what).toMatchObject({ ids: expected.slice(offset, offset + 7), total: first.total })
    }
  }, 120_000)

  it('has the same where it is asked for again', async () => {
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

/** Of pages of seven, not beyond the hundredth. */
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

it('a search that is found by its words has a connection of its own', async () => {
  const query = vi.spyOn(api.readPool, 'query')
  await page({ q: 'every other', limit: 9 })
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

describe('a search that is asked for again', () => {
  /** Other URLs are other entries of the response cache. */
  let limit = 20
  const found = async (query: Record<string, string> = {}) =>
    (await page({ tag: 'third', order: 'asc', ...query, limit: limit++ })).ids.slice(0, 3)
  const latest = () => found({ order: 'desc' })

  const storeBrief = (uri: string) =>
    index.db.execute(
      storeBriefs(sql`SELECT ${uri}::text AS uri, 'Title' AS title, NULL AS summary, '{third}'::text[] AS tags`),
    )

  /** How often which statements of searches were sent. */
  function countStatements() {
    const query = vi.spyOn(api.readPool, 'query')
    return () => {
      const sent = query.mock.calls.map(([config]) => (config as unknown as ReadQuery).name ?? '')
      query.mockRestore()
      const count = (pattern: RegExp) => sent.filter((name) => pattern.test(name)).length
      return {
        byWords: count(/^runs \w+ \w+ \w+ \w+.* q$/),
        all: count(/^(some )?matches of a search$/),
        later: count(/^later matches of a search$/),
        changed: count(/^changed runs$/),
      }
    }
  }

  const none = { byWords: 0, all: 0, later: 0, changed: 0 }

  /** Asks until the matches are known. */
  async function untilKnown() {
    for (let isKnown = false; !isKnown; ) {
      const statements = countStatements()
      expect(await found()).toEqual([3, 6, 9])
      isKnown = statements().byWords === 0
      if (limit > 90) throw new Error('The matches have not become known')
      await sleep(50)
    }
  }
  let number = 10n

  type Writer = Parameters<Parameters<IndexedDatabase['db']['transaction']>[0]>[0]

  /** Indexes the next block, a second later. */
  async function mine(
    write: (tx: Pick<Writer, 'insert' | 'execute'>, block: Block) => PromiseLike<unknown>,
    branch = 0n,
  ) {
    number++
    const block = { number, timestamp: seedTime + number, hash: blockHash(number + branch * 1_000_000n) }
    await index.moveTo(block, (tx) => write(tx, block))
  }

  const event = (
    bountyId: bigint,
    name: 'BountyCreated' | 'BountyClaimed',
    { number, timestamp, hash }: Block,
    log = 1n,
  ) =>
    eventOf(bountyId, 1, {
      id: checkpointOf({ number, timestamp }, log),
      name,
      timestamp,
      blockNumber: number,
      blockHash: hash,
    })

  async function createRun(
    tx: Pick<Writer, 'insert'>,
    id: bigint,
    block: Block,
    fields: Parameters<typeof openRun>[1] = {},
  ) {
    await tx.insert(run).values(openRun(id, { ipfsHash: 'ipfs://of9', createdAt: block.timestamp, ...fields }))
    await tx.insert(runEvent).values(event(id, 'BountyCreated', block))
  }

  beforeEach(async () => {
    await index.pool.query(`DELETE FROM content.item WHERE uri IN ('ipfs://of5', 'ipfs://of9')`)
    await index.pool.query(`UPDATE run SET ipfs_hash = 'ipfs://of' || bounty_id WHERE bounty_id IN (5, 9)`)
    await storeBrief('ipfs://of9')
    app = api.createAnotherApp()
    limit = 20
    await untilKnown()
    limit = 20
  })

  afterEach(() => index.pool.query(`DELETE FROM run_event; DELETE FROM run WHERE bounty_id > ${runs}`))

  it('has the same matches where they are read in parts', async () => {
    const read = <Data>(query: SnapshotQuery<Data>) => api.index.read(query)
    for (const search of [{ q: 'every' }, { q: 'rare', tag: 'third' }, { tag: 'absent' }]) {
      const [atOnce, inParts] = [await readMatches(search, 0, read), await readMatches(search, 1e9, read)]
      expect(inParts).toEqual(atOnce)
    }
  })

  it('is found without words, in every order', async () => {
    const statements = countStatements()
    const expected = await expectedIds(`'third' = ANY(tags)`, `state = 'OPEN'`, 'reward DESC, bounty_id DESC')
    for (const order of ['asc', 'desc']) await found({ order, sort: 'deadline' })
    expect(await found({ order: 'desc', sort: 'reward', state: 'OPEN' })).toEqual(expected.slice(0, 3))
    expect(statements()).toEqual(none)
  })

  it('finds a brief as soon as it is stored', async () => {
    const statements = countStatements()
    await storeBrief('ipfs://of5')
    for (let times = 0; times < 3; times++) expect(await found()).toEqual([3, 5, 6])
    expect(await found({ sort: 'deadline' })).toEqual(
      (await expectedIds(`'third' = ANY(tags)`, 'true', 'deadline, bounty_id')).slice(0, 3),
    )
    expect(statements()).toEqual({ ...none, later: 1 })
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

  it('finds the runs of later blocks, in every order', async () => {
    const [newest = 0] = await latest()
    await found({ sort: 'reward' })
    await found({ sort: 'deadline' })
    const [first, second] = [BigInt(runs) + 1n, BigInt(runs) + 2n]
    const statements = countStatements()
    await mine((tx, block) => createRun(tx, first, block, { reward: 1n, deadline: 2n ** 32n - 1n }))
    expect(await latest()).toEqual([Number(first), newest, newest - 3])
    await mine((tx, block) => createRun(tx, second, block, { reward: 10n ** 15n, deadline: 1n }))
    expect(await latest()).toEqual([Number(second), Number(first), newest])
    expect((await found({ sort: 'reward' }))[0]).toBe(Number(first))
    expect((await found({ sort: 'reward', order: 'desc' }))[0]).toBe(Number(second))
    expect((await found({ sort: 'deadline' }))[0]).toBe(Number(second))
    expect((await found({ sort: 'deadline', order: 'desc' }))[0]).toBe(Number(first))
    expect(statements()).toEqual({ ...none, later: 2, changed: 2 })
  })

  it('follows the states of runs', async () => {
    const [open = 0, next = 0] = await found({ state: 'OPEN' })
    const statements = countStatements()
    await mine(async (tx, block) => {
      await tx.execute(sql`UPDATE run SET state = 'CLAIMED' WHERE bounty_id = ${open}`)
      await tx.insert(runEvent).values(event(BigInt(open), 'BountyClaimed', block))
    })
    expect((await found({ state: 'OPEN' }))[0]).toBe(next)
    const { total, ids } = await page({ tag: 'third', state: 'CLAIMED', order: 'asc', limit: limit++ })
    const expected = await expectedIds(`'third' = ANY(tags)`, `state = 'CLAIMED'`, 'bounty_id')
    expect([total, ids]).toEqual([expected.length, expected.slice(0, ids.length)])
    expect(ids).toContain(open)
    expect(statements()).toEqual({ ...none, later: 1, changed: 1 })
    await index.pool.query(`UPDATE run SET state = 'OPEN' WHERE bounty_id = ${open}`)
  })

  it('has claimable runs at the time of the block', async () => {
    const ofClaimable = { tag: 'third', claimable: 'true', sort: 'deadline', order: 'asc' }
    const [first] = await expectedIds(
      `'third' = ANY(tags)`,
      `state = 'OPEN' AND deadline >= ${seedTime + number}`,
      'deadline',
    )
    await page({ ...ofClaimable, limit: limit++ })
    const { rows } = await index.pool.query<{ deadline: string }>(`SELECT deadline FROM run WHERE bounty_id = ${first}`)
    const deadline = BigInt(rows[0]?.deadline ?? 0)
    number++
    await index.moveTo({ number, timestamp: deadline + 1n })
    const { ids, total } = await page({ ...ofClaimable, limit: limit++ })
    const expected = await expectedIds(
      `'third' = ANY(tags)`,
      `state = 'OPEN' AND deadline > ${deadline}`,
      'deadline, bounty_id',
    )
    expect([total, ids]).toEqual([expected.length, expected.slice(0, ids.length)])
    number++
    await index.moveTo({ number, timestamp: seedTime + number })
  })

  it('forgets the runs of a block that a reorg removes', async () => {
    const [newest = 0] = await latest()
    const last = BigInt(runs) + 1n
    await mine((tx, block) => createRun(tx, last, block))
    for (let times = 0; times < 3; times++) expect(await latest()).toEqual([Number(last), newest, newest - 3])
    number--
    await mine(async (tx) => {
      await tx.execute(sql`DELETE FROM run_event`)
      await tx.execute(sql`DELETE FROM run WHERE bounty_id > ${runs}`)
    }, 1n)
    for (let times = 0; times < 3; times++) expect(await latest()).toEqual([newest, newest - 3, newest - 6])
  })

  it('follows more events than are applied at once', async () => {
    const [open = 0, next = 0] = await found({ state: 'OPEN' })
    const statements = countStatements()
    await mine(async (tx, block) => {
      await tx.execute(sql`UPDATE run SET state = 'CLAIMED' WHERE bounty_id = ${open}`)
      const ids = [...Array<bigint>(2_500).fill(3n), BigInt(open)]
      await tx.insert(runEvent).values(ids.map((id, log) => event(id, 'BountyClaimed', block, BigInt(log))))
    })
    expect((await found({ state: 'OPEN' }))[0]).toBe(next)
    expect(statements()).toEqual({ ...none, later: 1, changed: 2 })
    await index.pool.query(`UPDATE run SET state = 'OPEN' WHERE bounty_id = ${open}`)
  })

  it('is found by its words where so many runs were added that it begins anew, and by all matches after five minutes', async () => {
    await mine(async (tx, block) => {
      const ids = Array.from({ length: 2_001 }, (_, n) => BigInt(runs + 1 + n))
      await tx.insert(run).values(ids.map((id) => openRun(id, { createdAt: block.timestamp })))
    })
    const statements = countStatements()
    for (let times = 0; times < 3; times++) expect(await found()).toEqual([3, 6, 9])
    expect(statements()).toEqual({ byWords: 3, all: 0, later: 1, changed: 1 })
    const now = performance.now()
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now + 301_000)
    await untilKnown()
    clock.mockRestore()
  })

  it('has the runs and the total of its block while blocks follow each other', async () => {
    const open = await expectedIds(`'third' = ANY(tags)`, `state = 'OPEN'`, 'bounty_id')
    const totals = new Map([[Number(number), open.length]])
    let isMining = true
    const wrong: unknown[] = []
    let answers = 0
    async function ask(client: number) {
      for (let n = 0; isMining; n++) {
        const query = `tag=third&state=OPEN&sort=reward&limit=${1 + ((n * 10 + client) % 100)}`
        const response = await app.request(`/api/runs?${query}`)
        const { runs, pagination } = (await response.json()) as Answer['body']
        const block = Number(response.headers.get('X-Indexed-Block'))
        const isRight = totals.get(block) === pagination.total
        if (!isRight || runs.some(({ state }: { state: string }) => state !== 'OPEN'))
          wrong.push([block, pagination, runs])
        answers++
        // Answers of the cache need no turn of the event loop.
        await sleep(5)
      }
    }
    const clients = Array.from({ length: 5 }, (_, client) => ask(client))
    for (let n = 0; n < 12; n++) {
      const [created, claimed] = [BigInt(runs + 1 + n), open[n] ?? 0]
      // In turn one run less, and as many.
      totals.set(Number(number) + 1, (totals.get(Number(number)) ?? 0) - 1 + (n % 2))
      await mine(async (tx, block) => {
        if (n % 2 === 1) await createRun(tx, created, block)
        await tx.execute(sql`UPDATE run SET state = 'CLAIMED' WHERE bounty_id = ${claimed}`)
        await tx.insert(runEvent).values(event(BigInt(claimed), 'BountyClaimed', block, 2n))
      })
    }
    isMining = false
    await Promise.all(clients)
    expect(wrong).toEqual([])
    expect(answers).toBeGreaterThan(50)
    await index.pool.query(`UPDATE run SET state = 'OPEN' WHERE bounty_id = ANY($1)`, [open.slice(0, 12)])
  }, 60_000)

  it('is brought up to date once for all requests of a block', async () => {
    const last = BigInt(runs) + 1n
    await mine((tx, block) => createRun(tx, last, block))
    const statements = countStatements()
    const answers = await Promise.all(Array.from({ length: 20 }, latest))
    expect(answers.map(([first]) => first)).toEqual(answers.map(() => Number(last)))
    expect(statements()).toEqual({ ...none, later: 1, changed: 1 })
  })
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
