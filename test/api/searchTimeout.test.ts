import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { run } from '../../ponder.schema.ts'
import type { Api } from '../../tools/devnet/api.ts'
import { startIndexApi } from '../support/indexApi.ts'
import { storeBriefs } from '../support/manyBriefs.ts'
import { openRun, seedTime } from '../support/rows.ts'
import { emptyIndex, type IndexedDatabase } from './indexedDatabase.ts'

const slow = 'slow'
const fast = 'fast'
const MAX_STREAMS = 20

let index: IndexedDatabase
let api: Api

beforeAll(async () => {
  index = await emptyIndex()
  await index.db
    .insert(run)
    .values([openRun(1n, { ipfsHash: 'ipfs://fast' }), openRun(2n, { ipfsHash: 'ipfs://slow', state: 'DRAFT' })])
  for (const word of [slow, fast])
    await index.db.execute(
      storeBriefs(sql`SELECT ${`ipfs://${word}`} AS uri, ${word} AS title, NULL AS summary, '{}'::text[] AS tags`),
    )
  // Of so many briefs, PostgreSQL reads those of a page by their URIs.
  await index.db.execute(
    storeBriefs(sql`SELECT 'ipfs://other' || n AS uri, 'Other' AS title, NULL AS summary, '{}'::text[] AS tags
      FROM generate_series(1, 2000) AS n`),
  )
  await index.pool.query('ANALYZE')
  await index.moveTo({ number: 10n, timestamp: seedTime })
  // To read the brief that has the word takes longer than any statement may.
  await index.pool.query(`
    CREATE FUNCTION content.pause() RETURNS text LANGUAGE plpgsql STABLE AS $$
      BEGIN PERFORM pg_sleep(60); RETURN ''; END $$;
    ALTER TABLE content.brief RENAME TO stored_brief;
    CREATE VIEW content.brief AS
      SELECT uri, CASE WHEN uri = 'ipfs://slow' THEN title || content.pause() ELSE title END AS title, summary, tags, json
      FROM content.stored_brief`)
  api = await startIndexApi(index.url, { TRUST_PROXY: '1', MAX_STREAMS: String(MAX_STREAMS) })
}, 60_000)

afterAll(async () => {
  await api?.stop()
  await index?.close()
})

async function get(client: string, query: string) {
  const response = await fetch(`${api.url}/api/runs?${query}`, { headers: { 'X-Forwarded-For': client } })
  return { status: response.status, retryAfter: response.headers.get('Retry-After'), body: await response.json() }
}

/** Resolves once PostgreSQL runs so many slow searches. */
async function untilSlow(count: number) {
  for (;;) {
    const { rowCount } = await index.pool.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'`,
    )
    if (rowCount === count) return
    await sleep(20)
  }
}

it('a search that takes too long is refused, while lists and searches of other networks are answered', async () => {
  const ended: string[] = []
  // Of as many clients, whose /48 network has one turn.
  const searches = [1, 2, 3, 4].map(async (limit) => {
    const answer = await get(`2001:db8:1:${limit}::1`, `q=${slow}&limit=${limit}`)
    ended.push(slow)
    return answer
  })
  await untilSlow(2)
  const search = get('203.0.113.1', `q=${fast}`).then((answer) => {
    ended.push(fast)
    return answer
  })
  expect((await get('203.0.113.1', 'state=OPEN')).status).toBe(200)
  expect(await search).toMatchObject({ status: 200, body: { runs: [{ bountyId: 1 }] } })
  for (const answer of await Promise.all(searches)) {
    expect(answer).toMatchObject({ status: 503, retryAfter: '1', body: { code: 'INDEX_BEHIND' } })
  }
  // Two searches were read when it came, and of those that waited, one at most before it.
  expect(ended.indexOf(fast)).toBeLessThan(ended.length - 1)
}, 30_000)

it('the streams of a /48 network leave places to others', async () => {
  const streams = new AbortController()
  const { signal } = streams
  const open = async (client: string) =>
    (await fetch(`${api.url}/api/stream`, { headers: { 'X-Forwarded-For': client }, signal })).status
  const ofNetwork: number[] = []
  for (let subnet = 1; subnet <= MAX_STREAMS; subnet++) ofNetwork.push(await open(`2001:db8:1:${subnet}::1`))
  const opened = MAX_STREAMS / 4
  expect(ofNetwork).toEqual([...Array(opened).fill(200), ...Array(MAX_STREAMS - opened).fill(429)])
  expect(await open('203.0.113.1')).toBe(200)
  streams.abort()
})
