import { drizzle } from 'drizzle-orm/node-postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Tx } from '../../src/api/index/reader.ts'
import { beginSnapshot, type Snapshot } from '../../src/api/index/snapshot.ts'
import { accountByAddress } from '../../src/api/queries/accounts.ts'
import { pageOfAgents } from '../../src/api/queries/agents.ts'
import { changesSince } from '../../src/api/queries/changes.ts'
import { eventPage } from '../../src/api/queries/events.ts'
import {
  countByState,
  pageOfRuns,
  type RunList,
  type RunStart,
  runAndAgent,
  runDetail,
} from '../../src/api/queries/runs.ts'
import { createStats } from '../../src/api/queries/stats.ts'
import { statsHistory } from '../../src/api/queries/statsHistory.ts'
import { checkpointOf } from '../support/indexedTables.ts'
import { manyAgents } from '../support/manyAgents.ts'
import { BRIEF_WORDS, briefTag, briefWord, manyBriefs } from '../support/manyBriefs.ts'
import { busyAgent, expiredRuns, manyRuns, whale } from '../support/manyRuns.ts'
import { seedTime } from '../support/rows.ts'
import { blockHash, chainId, type IndexedDatabase, indexedDatabase } from './indexedDatabase.ts'
import { type TestApi, testApi } from './testApi.ts'

/**
 * How many pages of 8 kB each kind of read touches, which is what it costs at any load. In the hostile market expired runs
 * of the least reward are in front of all others: they cost their posters little.
 */
const RUNS = 50_000
const EXPIRED = 10_000
const AGENTS = 5_000
const EVENTS = 20_000

let index: IndexedDatabase
let api: TestApi

beforeAll(async () => {
  index = await indexedDatabase()
  await index.create(manyRuns(RUNS), manyAgents(AGENTS))
  // Few runs were rejected, and they are among the oldest.
  await index.pool.query(`UPDATE run SET state = 'APPROVED' WHERE state = 'REJECTED' AND bounty_id > ${RUNS / 20}`)
  await index.db.execute(manyBriefs())
  const refused = { number: 5n, timestamp: seedTime - 5n }
  await index.pool.query(
    `INSERT INTO run_event (id, bounty_id, name, timestamp, block_number, block_hash, log_index, transaction_hash)
     SELECT left($1, 42) || lpad(n::text, 33, '0'), 3, 'ClaimRefused', $2, $3, $4, 0, $4 FROM generate_series(1, $5::int) n`,
    [checkpointOf(refused), refused.timestamp, refused.number, blockHash(refused.number), EVENTS],
  )
  await index.moveTo({ number: 10n, timestamp: seedTime })
  await index.pool.query('VACUUM ANALYZE')
  api = await testApi(index.url, () => 0)
}, 300_000)

afterAll(async () => {
  await api?.close()
  await index?.close()
})

type Read = (tx: Tx, block: Snapshot) => Promise<unknown>

/** How many statements the read has, and how many pages they touch. */
async function costOf(read: Read) {
  const client = await api.readPool.connect()
  try {
    const block = await beginSnapshot(client, { chainId, clock: 0 })
    if (!block) throw new Error('No block is indexed')
    const queries: { text: string; values: unknown[] }[] = []
    const logger = { logQuery: (text: string, values: unknown[]) => void queries.push({ text, values }) }
    await read(drizzle(client, { casing: 'snake_case', logger }), block)
    let buffers = 0
    for (const { text, values } of queries) {
      const { rows } = await client.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`, values)
      const [{ Plan: plan }] = rows[0]['QUERY PLAN']
      buffers += plan['Shared Hit Blocks'] + plan['Shared Read Blocks']
    }
    return { statements: queries.length, buffers }
  } finally {
    await client.query('ROLLBACK')
    client.release()
  }
}

const newest = { sort: 'createdAt', order: 'desc' } as const

const listOf =
  (list: Partial<RunList>, start: RunStart = { offset: 0 }): Read =>
  (tx, block) =>
    pageOfRuns(tx, block, { ...newest, ...list }, start, 20)

const past = { number: 9n, timestamp: seedTime - 1n }
const cursor = { from: past, to: { ...past, number: 10n, hash: blockHash(10n) }, final: 0n }

/**
 * Each kind of read, and the most pages that it may touch in the natural market and in the hostile one: a third more than it
 * does.
 */
const kinds: [string, Read, number, number][] = [
  ['the newest runs', listOf({}), 180, 160],
  ['the oldest runs', listOf({ order: 'asc' }), 180, 180],
  ['by reward', listOf({ sort: 'reward' }), 200, 200],
  ['by deadline', listOf({ sort: 'deadline', order: 'asc' }), 200, 200],
  ['the hundredth page', listOf({}, { offset: 2_000 }), 200, 180],
  ['after a cursor', listOf({}, { after: { value: 25_000n, bountyId: 25_000n } }), 180, 180],
  ['a frequent state', listOf({ state: 'APPROVED' }), 260, 260],
  ['a rare state', listOf({ state: 'REJECTED' }), 160, 160],
  ['a rare state by reward', listOf({ state: 'REJECTED', sort: 'reward' }), 160, 160],
  ['claimable', listOf({ claimable: true }), 220, 400],
  ['claimable by reward', listOf({ claimable: true, sort: 'reward' }), 220, 220],
  ['claimable, the least reward first', listOf({ claimable: true, sort: 'reward', order: 'asc' }), 220, 400],
  ['claimable by deadline', listOf({ claimable: true, sort: 'deadline', order: 'asc' }), 220, 220],
  ['open and expired', listOf({ state: 'OPEN', claimable: false }), 200, 280],
  ['a reward that many have', listOf({ minReward: 100_000n }), 260, 340],
  ['a reward that few have', listOf({ minReward: 950_000_000n }), 160, 160],
  ['the poster of half of all runs', listOf({ poster: whale }), 340, 340],
  ['the poster of half of all runs, a rare state', listOf({ poster: whale, state: 'REJECTED' }), 360, 360],
  ['the agent of every seventh run', listOf({ claimedBy: busyAgent }), 220, 220],
  ['the agent of every seventh run, a rare state', listOf({ claimedBy: busyAgent, state: 'REJECTED' }), 420, 420],
  ['an evaluator', listOf({ evaluator: whale }), 180, 180],
  ['a claimant', listOf({ claimant: whale }), 160, 160],
  ['an evaluator by reward', listOf({ evaluator: whale, sort: 'reward' }), 200, 200],
  ['a claimant by deadline', listOf({ claimant: whale, sort: 'deadline' }), 200, 200],
  ['claimable by any wallet', listOf({ claimable: true, claimant: 'none' }), 220, 400],
  ['a rare word', listOf({ q: briefWord(BRIEF_WORDS / 20) }), 600, 600],
  ['a word that all briefs have', listOf({ q: 'work' }), 3_500, 20_000],
  ['a tag', listOf({ tag: briefTag(10) }), 7_000, 22_000],
  ['a tag of claimable runs by reward', listOf({ tag: briefTag(10), claimable: true, sort: 'reward' }), 6_000, 6_000],
  ['a word, a state and a reward', listOf({ q: 'work', state: 'APPROVED', minReward: 100_000n }), 6_000, 6_000],
  ['the states with a tag', (tx, block) => countByState(tx, block, { ...newest, tag: briefTag(10) }), 5_000, 3_400],
  ['the states of that poster', (tx, block) => countByState(tx, block, { ...newest, poster: whale }), 190, 190],
  ['a run', (tx, block) => runDetail(tx, block, 9_999n), 20, 20],
  ['a run and an agent', (tx, block) => runAndAgent(tx, block, 9_999n, 77n), 20, 20],
  ['agents', (tx, block) => pageOfAgents(tx, block, {}, { limit: 20, offset: 0 }), 160, 160],
  ['the last agents', (tx, block) => pageOfAgents(tx, block, {}, { limit: 20, offset: 4_980 }), 240, 240],
  ['the account of that poster', (tx, block) => accountByAddress(tx, block, whale), 160, 300],
  ['an account without runs', (tx, block) => accountByAddress(tx, block, `0x${'7'.repeat(40)}`), 12, 12],
  ['events after many refused claims', (tx) => eventPage(tx, 3n, { limit: 20, offset: EVENTS - 20 }), 1_500, 1_500],
  ['a year of history', (tx, block) => statsHistory(tx, block, { interval: 'day', periods: 365 }), 10, 10],
  ['the changes since a block', (tx, block) => changesSince(tx, block, chainId, { cursor, head: undefined }), 20, 20],
]

it('a run, and a run with an agent, take one statement each', async () => {
  expect((await costOf((tx, block) => runDetail(tx, block, 9_999n))).statements).toBe(1)
  expect((await costOf((tx, block) => runAndAgent(tx, block, 9_999n, 77n))).statements).toBe(1)
})

describe(`of ${RUNS} runs`, () => {
  it.each(kinds)('%s touch few pages', async (_, read, most) => {
    expect((await costOf(read)).buffers).toBeLessThanOrEqual(most)
  })
})

describe(`of ${RUNS} runs and ${EXPIRED} expired ones in front`, () => {
  beforeAll(async () => {
    await index.db.execute(expiredRuns(EXPIRED, seedTime, RUNS + 1))
    await index.pool.query('VACUUM ANALYZE run')
  }, 300_000)

  it.each(kinds)('%s touch few pages', async (_, read, __, most) => {
    expect((await costOf(read)).buffers).toBeLessThanOrEqual(most)
  })
})

const IDENTITIES = 300_000

describe(`of ${IDENTITIES} agents without a stake`, () => {
  beforeAll(async () => {
    await index.pool.query(
      `INSERT INTO agent (id, owner, agent_wallet, agent_uri, registered_at, step)
       SELECT n, lpad(to_hex(n), 42, '0'), lpad(to_hex(n), 42, '0'), 'https://agent.example/' || repeat(md5(n::text), 3), $1, 'UNVERIFIED'
       FROM generate_series(1000001, 1000000 + $2::int) AS n`,
      [seedTime, IDENTITIES],
    )
    await index.pool.query('INSERT INTO market_day (day, unverified) VALUES (1, $1)', [IDENTITIES])
    await index.pool.query('VACUUM ANALYZE agent')
  }, 300_000)

  it.each<[string, Read, number]>([
    ['stats', createStats(), 200],
    [
      'the agents with a stake',
      (tx, block) => pageOfAgents(tx, block, { staked: true }, { limit: 20, offset: 0 }),
      200,
    ],
    ['the last of them', (tx, block) => pageOfAgents(tx, block, { staked: true }, { limit: 20, offset: 4_000 }), 260],
    ['the first agents', (tx, block) => pageOfAgents(tx, block, {}, { limit: 20, offset: 0 }), 200],
    [
      'the first agents without a stake',
      (tx, block) => pageOfAgents(tx, block, { staked: false }, { limit: 20, offset: 0 }),
      300,
    ],
  ])('%s touch few pages', async (_, read, most) => {
    expect((await costOf(read)).buffers).toBeLessThanOrEqual(most)
  })
})
