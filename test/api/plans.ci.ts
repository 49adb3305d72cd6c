import { sql } from 'drizzle-orm'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { DEADLINE_BAND_SECONDS, runEvent } from '../../ponder.schema.ts'
import { changesSince } from '../../src/api/queries/changes.ts'
import type { Answer } from '../support/describedAnswers.ts'
import { checkpointOf } from '../support/indexedTables.ts'
import { manyAgents } from '../support/manyAgents.ts'
import { BRIEF_WORDS, briefTag, briefWord, manyBriefs, storeBriefs } from '../support/manyBriefs.ts'
import { busyAgent, expiredRuns, manyRuns, whale } from '../support/manyRuns.ts'
import { eventOf, seedTime, wallet } from '../support/rows.ts'
import { blockHash, chainId, type IndexedDatabase, indexedDatabase } from './indexedDatabase.ts'
import { type TestApi, testApi } from './testApi.ts'

/**
 * The number of runs and of agents: more than the 20,000 matches from which on a search does not count them. With a million
 * the plans are the same.
 */
const runs = 26_000
const limit = 20

/** How long the rows and their indexes may take to load. */
const LOADING_TIMEOUT_MS = 300_000

type Node = {
  'Node Type': string
  'Relation Name'?: string
  'Subplan Name'?: string
  'Index Name'?: string
  'Index Cond'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  'Shared Hit Blocks': number
  'Shared Read Blocks': number
  Plans?: Node[]
}

let index: IndexedDatabase
let api: TestApi

beforeAll(async () => {
  index = await indexedDatabase()
  await index.create(manyRuns(runs))
  // The poster of few runs, of which the approved ones are the oldest.
  await index.pool.query(`UPDATE run SET poster_address = '${wallet}',
    state = CASE WHEN bounty_id < ${runs / 20} THEN 'APPROVED' ELSE 'REJECTED' END
    WHERE bounty_id % ${runs / 400} = 0`)
  await index.db.execute(manyAgents(runs))
  await index.moveTo({ number: 10n, timestamp: seedTime })
  await index.pool.query('VACUUM ANALYZE')
  api = await testApi(index.url, () => 0)
}, LOADING_TIMEOUT_MS)

afterAll(async () => {
  await api?.close()
  await index?.close()
})

/** PostgreSQL's plan and row counts for the request's statement, as a prepared statement of an API connection. */
async function planOf(path: string) {
  const query = vi.spyOn(api.readPool, 'query')
  const response = await api.app.request(path)
  const body = (await response.json()) as Answer['body']
  expect(response.status).toBe(200)
  const calls = query.mock.calls as unknown as [{ name: string; alone?: boolean }, unknown[]][]
  query.mockRestore()
  // Statements that read the head and the highest block may come first.
  const [config, values] = calls.findLast(([{ name }]) => /^(runs|agents|stats)/.test(name)) ?? []
  if (!config || !values) throw new Error(`${path} ran no statement of a list or of the stats`)
  const [plan] = await explain(config, values)
  if (!plan) throw new Error(`${config.name} has no plan`)
  return { name: config.name, nodes: nodesOf(plan), pagination: body.pagination, isAlone: config.alone === true }
}

/** Uses one connection, because a statement is prepared per connection. */
async function explain(config: { name: string }, values: unknown[]): Promise<Node[]> {
  const client = await api.readPool.connect()
  try {
    await client.query(config as pg.QueryConfig, values)
    const literals = values.map((value) =>
      value === null ? 'NULL' : pg.escapeLiteral(Array.isArray(value) ? `{${value}}` : String(value)),
    )
    const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Node }] }>(
      `EXPLAIN (ANALYZE, BUFFERS, TIMING off, FORMAT JSON) EXECUTE ${pg.escapeIdentifier(config.name)}(${literals.join(', ')})`,
    )
    return rows.flatMap((row) => row['QUERY PLAN'].map(({ Plan }) => Plan))
  } finally {
    client.release()
  }
}

/**
 * The nodes below, each with whether it belongs to the count rather than to the listed rows. The page's runs are below an
 * aggregate too, which concatenates their JSON.
 */
function nodesOf(node: Node, isBelowAggregate = false): (Node & { isCounted: boolean })[] {
  const below = node.Plans ?? []
  const isOfPosition = ['CTE start', 'CTE found'].includes(node['Subplan Name'] ?? '')
  const isOfPage = isOfPosition || (node['Node Type'] === 'Nested Loop' && readsBriefs(node))
  const isCounted = isBelowAggregate && !isOfPage
  return [
    { ...node, isCounted },
    ...below.flatMap((each) => nodesOf(each, isCounted || node['Node Type'] === 'Aggregate')),
  ]
}

const readsBriefs = (node: Node): boolean => node['Relation Name'] === 'brief' || (node.Plans ?? []).some(readsBriefs)

const rowsOf = (node: Node) => node['Actual Rows'] * node['Actual Loops']
const passedBy = (node: Node) => rowsOf(node) + (node['Rows Removed by Filter'] ?? 0) * node['Actual Loops']

const EXPIRED = 'state=OPEN&claimable=false'

/** Filters of each kind, each in one order. */
const lists: [filter: string, order: string][] = [
  ['', 'sort=reward&order=asc'],
  ['state=OPEN', 'sort=deadline&order=asc'],
  ['minReward=950', 'sort=createdAt&order=desc'],
  ['state=OPEN&minReward=100', 'sort=deadline&order=desc'],
  [`evaluator=${whale}`, 'sort=createdAt&order=asc'],
  [`poster=${whale}&state=REVISION_REQUESTED`, 'sort=reward&order=desc'],
  [`poster=${whale}&claimable=true`, 'sort=createdAt&order=desc'],
  [`poster=${whale}&claimedBy=${busyAgent}`, 'sort=deadline&order=asc'],
  [`poster=${wallet}&state=APPROVED`, 'sort=createdAt&order=desc'],
  ['claimable=true', 'sort=reward&order=desc'],
  ['claimable=false', 'sort=createdAt&order=desc'],
  [EXPIRED, 'sort=createdAt&order=desc'],
]

/**
 * How many runs a page may visit and read, if a walk to it visits `walked` runs that match.
 *
 * No index covers `minReward` or `claimable` in every order, nor the state of a party's runs. The query then visits the
 * fewer of two: all runs that match, or all runs that a walk meets where matching runs are spread evenly. The fewer is at
 * most the square root of the product. Expired runs are all visited, because they are few, and the oldest.
 */
function passedAtMost(filter: string, walked: number, total: number) {
  if (filter === EXPIRED) return total + walked + limit + 1
  const isCovered = !/minReward|claimable|poster.*&|claimedBy.*&/.test(filter)
  return (isCovered ? walked : 3 * Math.sqrt(walked * runs)) + limit + 1
}

/** Of an index of runs, at least: a few columns of 8 bytes. */
const ENTRIES_PER_PAGE = 25

/** @returns how many runs were counted one by one. */
function expectWalk(nodes: ReturnType<typeof nodesOf>, most: number) {
  const ofRuns = nodes.filter((node) => node['Relation Name'] === 'run')
  for (const node of ofRuns) expect(['Index Scan', 'Index Only Scan']).toContain(node['Node Type'])
  for (const node of nodes.filter((each) => each['Node Type'].includes('Sort'))) {
    expect(rowsOf(node)).toBeLessThanOrEqual(most)
  }
  const listed = ofRuns.filter(({ isCounted }) => !isCounted)
  const passed = listed.reduce((sum, node) => sum + passedBy(node), 0)
  expect(passed).toBeLessThanOrEqual(most)
  // An index scan also visits entries that its condition excludes, which show only as pages read. For each returned
  // entry, the scan may also read a page of the visibility map.
  const pages = listed.reduce((sum, node) => sum + node['Shared Hit Blocks'] + node['Shared Read Blocks'], 0)
  expect(pages).toBeLessThanOrEqual(passed + most / ENTRIES_PER_PAGE + 6 * (limit + 1))
  return ofRuns.filter(({ isCounted }) => isCounted).reduce((sum, node) => sum + rowsOf(node), 0)
}

it.each(lists)(
  "filtered by '%s', %s, runs are read in index order, without a full scan or a sort",
  async (filter, order) => {
    const list = `/api/runs?${filter}&${order}&limit=${limit}`
    const top = await planOf(list)
    const { total, nextCursor } = top.pagination
    const counted = expectWalk(top.nodes, passedAtMost(filter, limit + 1, total))
    // The bands' counts are not counted again; of the band that `minReward` splits, fewer rows than a band has.
    const isCountedOneByOne = /poster.*claimedBy/.test(filter)
    if (!isCountedOneByOne) expect(counted).toBeLessThan(runs / 50)

    if (nextCursor) {
      const next = await planOf(`${list}&cursor=${nextCursor}`)
      expectWalk(next.nodes, passedAtMost(filter, limit + 1, total))
    }
    const middle = await planOf(`${list}&page=${Math.max(2, Math.ceil(total / 2 / limit))}`)
    expectWalk(middle.nodes, passedAtMost(filter, total / 2 + 2 * limit, total))
  },
)

it('a page of all runs by creation passes no runs that precede it', async () => {
  const { nodes, pagination } = await planOf(`/api/runs?limit=${limit}&page=${runs / 2 / limit}`)
  expect(pagination.total).toBe(runs)
  // The page's entries of the index and its rows, and the first and the last id.
  expectWalk(nodes, 2 * (limit + 1) + 2)
})

it('the runs of two parties are counted by an index that has both', async () => {
  const { nodes } = await planOf(`/api/runs?poster=${whale}&evaluator=${whale}&limit=${limit}`)
  const counted = nodes.filter((node) => node['Relation Name'] === 'run' && node.isCounted)
  expect(counted.length).toBeGreaterThan(0)
  for (const node of counted) {
    expect([node['Node Type'], node['Rows Removed by Filter'] ?? 0]).toEqual(['Index Only Scan', 0])
  }
})

describe(`${runs} agents`, () => {
  /** The number of rows read of the table; all of them by an index, or from a table of counts. */
  function rowsRead(nodes: ReturnType<typeof nodesOf>, table: string) {
    const ofTable = nodes.filter((node) => node['Relation Name'] === table)
    if (table === 'agent') for (const node of ofTable) expect(node['Node Type']).toContain('Index')
    return ofTable.reduce((sum, node) => sum + rowsOf(node), 0)
  }

  /** Agents that became PROVEN on one day: about one in a thousand. */
  const ofOneDay = runs / 1_000
  /** PROVEN agents that are PROVISIONAL still: those of the last 30 days. */
  async function countYoung(): Promise<number> {
    const { rows } = await index.pool.query<{ count: string }>(
      `SELECT count(*) FROM agent WHERE step = 'PROVEN' AND staked_at > $1`,
      [seedTime - 30n * 86_400n],
    )
    return Number(rows[0]?.count)
  }

  it.each(['', 'PROVISIONAL', 'ESTABLISHED'])(
    "of the status '%s' are found by an index, and counted by step",
    async (status) => {
      const list = `/api/agents?limit=${limit}${status && `&status=${status}`}`
      const gathered = status === 'PROVISIONAL' ? await countYoung() : 0
      const { nodes, pagination } = await planOf(list)
      expect(rowsRead(nodes, 'agent')).toBeLessThanOrEqual(ofOneDay + gathered + 20 * limit)
      expect(rowsRead(nodes, 'agent_count')).toBe(1)
      for (const share of [0.2, 0.5, 0.95]) {
        const page = Math.max(2, Math.ceil((share * pagination.total) / limit))
        const far = await planOf(`${list}&page=${page}`)
        expect(rowsRead(far.nodes, 'agent')).toBeLessThanOrEqual(ofOneDay + gathered + (page + 2) * limit)
      }
    },
  )

  it('are counted by step and day in the stats, as are the runs', async () => {
    const { nodes } = await planOf('/api/stats')
    expect(rowsRead(nodes, 'run')).toBeLessThan(runs / 50)
    expect(rowsRead(nodes, 'agent')).toBeLessThanOrEqual(ofOneDay)
    expect(rowsRead(nodes, 'agent_count')).toBe(1)
    expect(rowsRead(nodes, 'proven_day')).toBeLessThanOrEqual(31)
  })
})

it(`the changes since a block are read without the ${runs} events before it`, async () => {
  const old = { number: 5n, timestamp: seedTime - 5n, hash: blockHash(5n) }
  const changed = 100
  const insertEvents = (block: typeof old, count: number) =>
    index.pool.query(
      `INSERT INTO run_event (id, bounty_id, name, timestamp, block_number, block_hash, log_index, transaction_hash)
      SELECT left($1, 42) || lpad(n::text, 33, '0'), n, 'BountyFunded', $2, $3, $4, 0, $4 FROM generate_series(1, $5) n`,
      [checkpointOf(block), block.timestamp, block.number, block.hash, count],
    )
  await insertEvents(old, runs)
  await insertEvents({ number: 10n, timestamp: seedTime, hash: blockHash(10n) }, changed)
  await index.pool.query('VACUUM ANALYZE run_event')
  const query = vi.spyOn(api.readPool, 'query')
  const since = { number: 9n, timestamp: seedTime - 1n }
  const { data } = await api.index.read(changesSince(chainId, { since, to: old, final: 0n }))
  const [config, values] = query.mock.calls.at(-1) as unknown as [{ name: string }, unknown[]]
  query.mockRestore()
  expect(data.changes).toHaveLength(changed)
  const nodes = (await explain(config, values)).flatMap((plan) => nodesOf(plan))
  const passed = nodes.filter((node) => node['Relation Name'] === 'run_event').map(passedBy)
  // Each changed run is counted, has its events since, and its last event before.
  expect(passed.reduce((sum, rows) => sum + rows, 0)).toBeLessThanOrEqual(3 * changed + 1)
})

describe(`${runs} runs and half as many again, newer and expired`, () => {
  const expired = runs / 2
  const move = () => index.moveTo({ number: 10n, timestamp: seedTime })

  beforeAll(async () => {
    await index.db.execute(expiredRuns(expired, seedTime, runs + 1))
    await move()
    await index.pool.query('VACUUM ANALYZE run')
  }, LOADING_TIMEOUT_MS)

  afterAll(async () => {
    await index.pool.query('DELETE FROM run WHERE bounty_id > $1', [runs])
    await move()
    await index.pool.query('VACUUM ANALYZE run')
  }, LOADING_TIMEOUT_MS)

  it.each(['sort=createdAt&order=desc', 'sort=reward&order=asc'])(
    'claimable runs, %s, are found without the expired ones',
    async (order) => {
      const most = passedAtMost('claimable=true', limit + 1, runs)
      expect(most).toBeLessThan(expired / 4)
      const list = `/api/runs?claimable=true&${order}&limit=${limit}`
      const top = await planOf(list)
      expect(expectWalk(top.nodes, most)).toBeLessThan(runs / 50)
      expectWalk((await planOf(`${list}&cursor=${top.pagination.nextCursor}`)).nodes, most)
      expectWalk((await planOf(`${list}&page=3`)).nodes, passedAtMost('claimable=true', 3 * limit + 1, runs))
    },
  )

  it.each([
    ['minReward=950', 'sort=createdAt&order=desc'],
    ['state=OPEN&minReward=100', 'sort=deadline&order=asc'],
    ['claimable=true&minReward=100', 'sort=reward&order=asc'],
  ])('%s, %s, is found without those of the least reward', async (filter, order) => {
    const most = passedAtMost(filter, limit + 1, runs)
    expect(most).toBeLessThan(expired / 4)
    const list = `/api/runs?${filter}&${order}&limit=${limit}`
    const top = await planOf(list)
    expect(expectWalk(top.nodes, most)).toBeLessThan(runs / 50)
    expectWalk((await planOf(`${list}&cursor=${top.pagination.nextCursor}`)).nodes, most)
    expectWalk((await planOf(`${list}&page=3`)).nodes, passedAtMost(filter, 3 * limit + 1, runs))
  })

  it('runs from a reward on are read once, of each magnitude only what the page needs', async () => {
    const page = 20
    const parts = 3
    const { nodes } = await planOf(`/api/runs?minReward=10&sort=createdAt&order=desc&limit=${limit}&page=${page}`)
    expectWalk(nodes, page * limit + parts + 2 * (limit + 1))
  })

  it('claimable runs are read at most four times as often as the page needs them', async () => {
    const page = 40
    const { nodes } = await planOf(`/api/runs?claimable=true&sort=createdAt&order=desc&limit=${limit}&page=${page}`)
    expectWalk(nodes, 4 * page * limit)
  })

  it.each([
    ['claimable=true&page=50', false],
    ['claimable=true&page=60', true],
    ['claimable=true&minReward=0.01', true],
    [`claimable=true&poster=${whale}`, true],
    [EXPIRED, true],
  ])('%s has a connection of its own if it reads many runs one by one: %s', async (filter, isAlone) => {
    // With an equal URL, the response cache would answer.
    expect((await planOf(`/api/runs?${filter}&limit=${limit - 1}`)).isAlone).toBe(isAlone)
  })

  describe('within the last hour, in the band of deadlines that the current time splits', () => {
    // Nearer to the beginning of the band, so that its expired runs would be the fewer to count. Some of them are in the
    // current hour.
    const now = seedTime - (seedTime % DEADLINE_BAND_SECONDS) + 2n * 3_600n + 1_800n

    beforeAll(async () => {
      await index.moveTo({ number: 10n, timestamp: now }, (tx) =>
        tx.execute(sql`UPDATE run SET deadline = ${now - 1n}::int8 - bounty_id % 3600 WHERE bounty_id > ${runs}`),
      )
      await index.pool.query('VACUUM ANALYZE run')
    }, LOADING_TIMEOUT_MS)

    it('claimable runs are found and counted without them', async () => {
      const most = passedAtMost('claimable=true', limit + 1, runs)
      const list = `/api/runs?claimable=true&sort=deadline&order=asc&limit=${limit}`
      const top = await planOf(list)
      expect(expectWalk(top.nodes, most)).toBeLessThan(runs / 50)
      expectWalk((await planOf(`${list}&cursor=${top.pagination.nextCursor}`)).nodes, most)
    })

    it.each(['/api/runs?claimable=false', '/api/stats'])('%s counts claimable runs without them', async (path) => {
      const { nodes } = await planOf(path)
      const counted = nodes.filter((node) => node['Relation Name'] === 'run' && node.isCounted)
      expect(counted.reduce((sum, node) => sum + passedBy(node), 0)).toBeLessThan(runs / 50)
    })
  })
})

describe(`${runs} runs with briefs, and as many briefs that no run names`, () => {
  const rare = briefWord(BRIEF_WORDS / 20)
  /** Some thousands of briefs have it. */
  const frequent = briefTag(10)

  beforeAll(async () => {
    await index.db.execute(manyBriefs())
    await index.db.execute(
      storeBriefs(sql`SELECT 'ipfs://unnamed' || n AS uri, 'unnamed' AS title, NULL AS summary, '{}'::text[] AS tags
        FROM generate_series(1, ${runs}::int) AS n`),
    )
    await index.pool.query('VACUUM ANALYZE content.brief_words, content.brief')
  }, LOADING_TIMEOUT_MS)

  /** How many rows of the table the statement reads before it knows the page, and by which scans. */
  function readOf(nodes: ReturnType<typeof nodesOf>, table: string) {
    const ofTable = nodes.filter((node) => node['Relation Name'] === table && !node['Index Cond']?.includes('found.'))
    const read = ofTable.filter((node) => passedBy(node) > 0)
    return {
      rows: read.reduce((sum, node) => sum + passedBy(node), 0),
      types: new Set(read.map((node) => node['Node Type'])),
    }
  }

  /** The plan of the first request for a search, which is found by its words. */

  it.each([
    'sort=createdAt&order=desc',
    'sort=reward&order=asc&claimable=true',
    `sort=deadline&order=asc&poster=${whale}`,
  ])('a rare word is found by the index of words, and all its runs by one scan of their URIs: %s', async (list) => {
    const { nodes, pagination, isAlone } = await planOf(`/api/runs?q=${rare}&limit=${limit}&${list}`)
    const { rows } = await index.pool.query(
      `SELECT count(*)::int AS count FROM content.brief_words WHERE words @@ '${rare}'::tsquery`,
    )
    const matching = rows[0].count
    expect(isAlone).toBe(true)
    expect(pagination.totalIsExact).toBe(true)
    expect(readOf(nodes, 'brief_words')).toEqual({ rows: matching, types: new Set(['Bitmap Heap Scan']) })
    const gathered = nodes.filter((node) => node['Index Cond']?.includes('ipfs_hash = ANY'))
    // The index has no parties.
    const type = list.includes('poster') ? 'Index Scan' : 'Index Only Scan'
    expect(gathered.map((node) => [node['Node Type'], passedBy(node)])).toEqual([[type, matching]])
  })

  it('a word that all briefs have is found by a walk', async () => {
    const order = 'sort=reward&order=desc'
    const { nodes, pagination } = await planOf(`/api/runs?q=work&limit=${limit}&${order}`)
    expect(pagination).toMatchObject({ total: 10_000, totalIsExact: false })
    const walked = readOf(nodes, 'brief_words')
    expect(walked.rows).toBeLessThanOrEqual(4 * (limit + 1))
    expect(walked.types).toEqual(new Set(['Index Scan']))
    expect(readOf(nodes, 'run').rows).toBeLessThanOrEqual(4 * (limit + 1))
    const next = await planOf(`/api/runs?q=work&limit=${limit}&${order}&cursor=${pagination.nextCursor}`)
    expect(readOf(next.nodes, 'brief_words').rows).toBeLessThanOrEqual(4 * (limit + 1))
  })

  it('few runs of another filter are gathered, whatever words all have', async () => {
    const { nodes, pagination } = await planOf(`/api/runs?q=work&poster=${wallet}&limit=${limit}`)
    expect(pagination).toMatchObject({ total: 400, totalIsExact: true })
    expect(readOf(nodes, 'brief_words')).toEqual({ rows: 400, types: new Set(['Index Scan']) })
    expect(readOf(nodes, 'run').rows).toBe(400)
  })

  it.each(['sort=createdAt&order=desc', 'sort=reward&order=asc&claimable=true'])(
    'of a search that is asked for again only the runs of the page are read: %s',
    async (list) => {
      /** Other URLs are other entries of the response cache. */
      let limit = 1
      const plan = () => planOf(`/api/runs?tag=${frequent}&limit=${limit++}&${list}`)
      const isKnown = async () => expect((await plan()).name).toBe('runs of a search')
      await vi.waitFor(isKnown, { timeout: 10_000, interval: 200 })
      const { nodes, pagination, isAlone } = await plan()
      expect(pagination.totalIsExact).toBe(true)
      expect(isAlone).toBe(false)
      expect(readOf(nodes, 'run').rows).toBe(0)
      // When the last one was stored.
      expect(readOf(nodes, 'brief_words').rows).toBeLessThanOrEqual(1)
    },
    20_000,
  )

  it('for a word that is only in briefs that no run names, at most these briefs are read', async () => {
    const { nodes, pagination } = await planOf(`/api/runs?q=unnamed&limit=${limit}`)
    expect(pagination).toMatchObject({ total: 0, totalIsExact: true })
    expect(readOf(nodes, 'brief_words').rows).toBeLessThanOrEqual(2 * runs)
  })
})

describe('the events of a run of which 50,000 claims were refused', () => {
  const refused = { number: 5n, timestamp: seedTime - 5n, hash: blockHash(5n) }

  beforeAll(async () => {
    await index.pool.query('DELETE FROM run_event')
    await index.pool.query(
      `INSERT INTO run_event (id, bounty_id, name, timestamp, block_number, block_hash, log_index, transaction_hash)
      SELECT left($1, 42) || lpad(n::text, 33, '0'), 3, 'ClaimRefused', $2, $3, $4, 0, $4
      FROM generate_series(9000001, 9050000) n`,
      [checkpointOf(refused), refused.timestamp, refused.number, refused.hash],
    )
    await index.pool.query('VACUUM ANALYZE run_event')
  })

  afterAll(() => index.pool.query('DELETE FROM run_event WHERE bounty_id = 3'))

  it('are counted in two steps: the first of them, and all of them only as an expensive page', async () => {
    const page = 2_400
    const query = vi.spyOn(api.readPool, 'query')
    const { body } = await api.get(`/api/runs/3/events?limit=${limit}&page=${page}`)
    const calls = query.mock.calls as unknown as [{ name: string }, unknown[]][]
    query.mockRestore()
    expect(body.pagination.total).toBeGreaterThanOrEqual(50_000)
    expect(body.events).toHaveLength(limit)
    const [near, far, ...others] = calls.filter(([{ name }]) => name === 'events')
    if (!near || !far) throw new Error('The events were not counted in two steps')
    expect(others).toEqual([])
    const nodes = (await explain(...near)).flatMap((plan) => nodesOf(plan))
    const ofEvents = nodes.filter((node) => node['Relation Name'] === 'run_event')
    expect(ofEvents.reduce((sum, node) => sum + passedBy(node), 0)).toBeLessThanOrEqual(2 * 2_001 + 2 * limit)
    const ofAll = (await explain(...far)).flatMap((plan) => nodesOf(plan))
    // The table has only the events of the page: those before it are entries of the index.
    const read = ofAll.filter((node) => node['Relation Name'] === 'run_event' && node['Node Type'] === 'Index Scan')
    expect(read.reduce((sum, node) => sum + passedBy(node), 0)).toBeLessThanOrEqual(limit)
  })

  it('are not passed to find what an event of the run changed', async () => {
    const created = { number: 4n, timestamp: seedTime - 6n }
    const funded = { number: 10n, timestamp: seedTime }
    await index.db
      .insert(runEvent)
      .values([
        eventOf(3n, 4, { timestamp: created.timestamp, id: checkpointOf(created, 1n), name: 'BountyCreated' }),
        eventOf(3n, 10, { timestamp: funded.timestamp, id: checkpointOf(funded, 1n), name: 'BountyFunded' }),
      ])
    const query = vi.spyOn(api.readPool, 'query')
    const since = { number: 9n, timestamp: seedTime - 1n }
    const { data } = await api.index.read(changesSince(chainId, { since, to: refused, final: 0n }))
    const [config, values] = query.mock.calls.at(-1) as unknown as [{ name: string }, unknown[]]
    query.mockRestore()
    expect(data.changes).toMatchObject([{ id: 3n, standings: [{ state: 'DRAFT' }, { state: 'OPEN' }] }])
    const nodes = (await explain(config, values)).flatMap((plan) => nodesOf(plan))
    const passed = nodes.filter((node) => node['Relation Name'] === 'run_event').map(passedBy)
    expect(passed.reduce((sum, rows) => sum + rows, 0)).toBeLessThanOrEqual(5)
  })
})

describe(`ten days after the last of ${runs} runs`, () => {
  const now = seedTime + 10n * 86_400n

  beforeAll(() => index.setHead({ number: 10n, timestamp: now }))

  it.each(['/api/runs?claimable=false', '/api/stats'])(
    '%s counts only OPEN runs with a deadline of the day one by one',
    async (path) => {
      const { rows } = await index.pool.query<{ today: string; late: string }>(
        `SELECT count(*) FILTER (WHERE deadline >= $1) AS today, count(*) AS late FROM run
         WHERE state = 'OPEN' AND deadline < $2`,
        [now - (now % 86_400n), now],
      )
      const { nodes } = await planOf(path)
      const counted = nodes.filter((node) => node['Relation Name'] === 'run' && node.isCounted)
      const [row] = rows
      expect(counted.reduce((sum, node) => sum + passedBy(node), 0)).toBeLessThanOrEqual(Number(row?.today) + limit + 1)
      expect(Number(row?.late)).toBeGreaterThan(2 * Number(row?.today))
    },
  )
})

describe(`${runs} runs that almost all have one state, poster and agent`, () => {
  const few = 10

  beforeAll(async () => {
    const common = sql`bounty_id % ${runs / few} <> 0`
    await index.moveTo({ number: 11n, timestamp: seedTime }, (tx) =>
      tx.execute(sql`UPDATE run SET state = CASE WHEN ${common} THEN 'APPROVED' ELSE 'REJECTED' END,
        poster_address = CASE WHEN ${common} THEN ${whale} ELSE ${wallet} END,
        claimed_by = CASE WHEN ${common} THEN ${busyAgent} ELSE 8 END`),
    )
    await index.pool.query('VACUUM ANALYZE run')
  }, LOADING_TIMEOUT_MS)

  it.each(['state=REJECTED', `poster=${wallet}`, 'claimedBy=8'])(
    '%s finds its few runs by an index of the filter',
    async (filter) => {
      const { nodes, pagination } = await planOf(`/api/runs?${filter}&sort=reward&order=desc&limit=${limit}`)
      expect(pagination.total).toBe(few)
      expectWalk(nodes, passedAtMost(filter, few, few))
    },
  )
})
