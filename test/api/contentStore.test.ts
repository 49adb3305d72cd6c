import { eq } from 'drizzle-orm'
import pg from 'pg'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { agent, run, runEvent } from '../../ponder.schema.ts'
import { blockContent, unblockContent } from '../../src/api/content/block.ts'
import { cidOf } from '../../src/api/content/cid.ts'
import { migrateContent } from '../../src/api/content/migrations.ts'
import { type Posted, post } from '../../src/api/content/post.ts'
import { deleteUnnamed, MAX_AGENT_ITEM_BYTES, markNamed, nameRecent } from '../../src/api/content/retention.ts'
import { checkpointOf } from '../support/indexedTables.ts'
import { eventOf, openRun, stakedAgent } from '../support/rows.ts'
import { chainId, type IndexedDatabase, indexedDatabase, viewsSchema } from './indexedDatabase.ts'

const DAY_SECONDS = 86_400
const limits = { clientBytes: 1_000_000, totalBytes: 100_000_000 }

let index: IndexedDatabase
let pool: pg.Pool
/** What retention works on. */
let parts: Parameters<typeof deleteUnnamed>[0]

beforeEach(async () => {
  index = await indexedDatabase()
  pool = new pg.Pool({ connectionString: index.url, max: 4 })
  parts = { pool, chainId, indexSchema: viewsSchema }
  // Replicas start together.
  await Promise.all([1, 2, 3].map(() => migrateContent(pool, chainId)))
  return () => Promise.all([pool.end(), index.close()])
})

async function contentOf(text: string, more: Partial<Posted> = {}): Promise<Posted> {
  const bytes = new TextEncoder().encode(text)
  return { cid: await cidOf(bytes), mediaType: 'text/plain', bytes, brief: undefined, client: 'a', ...more }
}

const postText = async (text: string, more: Partial<Posted> = {}, within = limits) =>
  (await post(pool, await contentOf(text, more), within)).status

async function rowOf<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<Row> {
  const [row] = (await pool.query<Row>(text, values)).rows
  if (!row) throw new Error(`No row: ${text}`)
  return row
}

/** The stored texts, in order. */
async function storedTexts(): Promise<string[]> {
  const { rows } = await pool.query<{ bytes: Buffer }>('SELECT bytes FROM content.item')
  return rows.map(({ bytes }) => bytes.toString()).toSorted()
}

/** Makes the last posts, and what the index has shown since, older. */
const pass = (seconds: number) =>
  pool.query(
    `UPDATE content.item SET posted_at = posted_at - make_interval(secs => $1),
       unnamed_since = unnamed_since - make_interval(secs => $1)`,
    [seconds],
  )

/** Waits until so many sessions wait for a lock. */
const untilWaiting = (sessions: number) =>
  vi.waitFor(async () => {
    const waiting = `SELECT count(*)::int FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`
    expect(await rowOf(waiting)).toEqual({ count: sessions })
  })

async function expectTotalCounted() {
  const { counted, total } = await rowOf<{ counted: string; total: string }>(
    'SELECT (SELECT coalesce(sum(charge), 0) FROM content.item) AS counted, charge AS total FROM content.total',
  )
  expect(total).toBe(counted)
}

describe('a post', () => {
  it('is stored once', async () => {
    expect(await postText('one')).toBe('stored')
    expect(await postText('one')).toBe('known')
    expect(await postText('one', { client: 'b' })).toBe('known')
    expect(await rowOf('SELECT count(*)::int, min(client) AS client FROM content.item')).toEqual({
      count: 1,
      client: 'a',
    })
    await expectTotalCounted()
  })

  it('is stored once by requests at the same time', async () => {
    const statuses = await Promise.all(Array.from({ length: 20 }, () => postText('one')))
    expect(statuses.filter((status) => status === 'stored')).toEqual(['stored'])
    await expectTotalCounted()
  })

  it('has the type that says most, also if a rival posts another one', async () => {
    const typeOf = async () => (await rowOf<{ media_type: string }>('SELECT media_type FROM content.item')).media_type
    const brief = { title: 'T', attachments: [{ name: 'a', cid: 'x', size: 1 }] }
    await postText('{"title":"T"}', { client: 'rival' })
    expect(await typeOf()).toBe('text/plain')
    expect(await postText('{"title":"T"}', { mediaType: 'application/json', brief })).toBe('known')
    for (const mediaType of ['text/plain', 'text/markdown'] as const) {
      await postText('{"title":"T"}', { mediaType, client: 'rival' })
    }
    expect(await typeOf()).toBe('application/json')
    expect(await rowOf('SELECT attachments FROM content.item')).toEqual({ attachments: ['x'] })
    expect(await rowOf('SELECT title, summary, tags FROM content.brief')).toEqual({
      title: 'T',
      summary: null,
      tags: [],
    })
  })

  it('counts at least a kilobyte, so that many small ones of a client are refused, and those of others are not', async () => {
    const many = { ...limits, clientBytes: 100_000 }
    const statuses: string[] = []
    for (let first = 0; first < 120; first += 40) {
      const part = Array.from({ length: 40 }, (_, at) => postText(`item ${first + at}`, {}, many))
      statuses.push(...(await Promise.all(part)))
    }
    // 97 times 1,024 bytes are the most below 100,000.
    expect(statuses.filter((status) => status === 'stored')).toHaveLength(97)
    expect(statuses.filter((status) => status === 'clientFull')).toHaveLength(23)
    expect(await postText('another', { client: 'b' }, many)).toBe('stored')
    await expectTotalCounted()
  })

  it('is counted exactly, also with others at the same time', async () => {
    const few = { ...limits, clientBytes: 10 * 1_024 }
    const statuses = await Promise.all(Array.from({ length: 60 }, (_, at) => postText(`item ${at}`, {}, few)))
    expect(statuses.filter((status) => status === 'stored')).toHaveLength(10)
    expect(await rowOf('SELECT count(*)::int FROM content.item')).toEqual({ count: 10 })
  })

  it('is refused beyond the most that is stored, from any client', async () => {
    const small = { ...limits, totalBytes: 3 * 1_024 }
    const statuses = await Promise.all(
      Array.from({ length: 12 }, (_, at) => postText(`item ${at}`, { client: `client ${at}` }, small)),
    )
    expect(statuses.toSorted()).toEqual([...Array(9).fill('full'), ...Array(3).fill('stored')])
    // What is stored may be posted again.
    const [known = ''] = await storedTexts()
    expect(await postText(known, { client: 'z' }, small)).toBe('known')
  })

  it('says when the client may post again', async () => {
    const one = { ...limits, clientBytes: 1_024 }
    await postText('first', {}, one)
    await pass(DAY_SECONDS - 600)
    const refused = await post(pool, await contentOf('second'), one)
    expect(refused).toEqual({ status: 'clientFull', limitBytes: 1_024, retrySeconds: expect.closeTo(600, -2) })
    await pass(601)
    expect(await postText('second', {}, one)).toBe('stored')
  })

  it('renews the day after an hour, and counts again for the client that renews it', async () => {
    const one = { ...limits, clientBytes: 1_024 }
    await postText('shared', { client: 'a' }, one)
    await postText('other', { client: 'b' }, one)
    await pass(3_601)
    expect(await postText('shared', { client: 'b' }, one)).toBe('clientFull')
    expect(await postText('shared', { client: 'a' }, one)).toBe('known')
    expect(await postText('shared', { client: 'c' }, one)).toBe('known')
    const { age } = await rowOf<{ age: number }>(
      `SELECT extract(epoch FROM now() - posted_at)::int AS age FROM content.item WHERE client = 'a'`,
    )
    expect(age).toBeLessThan(60)
    await expectTotalCounted()
  })
})

describe('content', () => {
  /** The clock's time, in seconds: retention compares it with the block's. */
  const clock = () => BigInt(Math.floor(Date.now() / 1_000))
  let block = 10n

  /** Indexes a block with events that name these hashes. */
  async function indexEvents(hashes: string[], timestamp = clock()) {
    block++
    await index.moveTo({ number: block, timestamp }, async (tx) => {
      for (const [at, hash] of hashes.entries()) {
        const id = checkpointOf({ number: block, timestamp }, BigInt(at))
        await tx.insert(runEvent).values(eventOf(1n, 1, { id, name: 'WorkSubmitted', hash, timestamp }))
      }
    })
  }

  /** Posts a run that names the text, as an event of the next block. */
  async function postRun(bountyId: bigint, text: string, fields: Partial<typeof run.$inferInsert> = {}) {
    const timestamp = clock()
    block++
    const ipfsHash = await uriOf(text)
    await index.moveTo({ number: block, timestamp }, async (tx) => {
      await tx.insert(run).values(openRun(bountyId, { ipfsHash, ...fields }))
      const id = checkpointOf({ number: block, timestamp }, 0n)
      await tx.insert(runEvent).values(eventOf(bountyId, 1, { id, name: 'BountyCreated', hash: ipfsHash, timestamp }))
    })
  }

  const setState = (bountyId: bigint, state: 'DRAFT' | 'OPEN') =>
    index.db.update(run).set({ state }).where(eq(run.bountyId, bountyId))

  /** What retention does each hour. */
  async function sweep() {
    await indexEvents([])
    await nameRecent(parts)
    await markNamed(parts)
    return deleteUnnamed(parts)
  }

  const uriOf = async (text: string) => `ipfs://${(await contentOf(text)).cid}`

  const namedTexts = async () => {
    const { rows } = await pool.query<{ bytes: Buffer }>('SELECT bytes FROM content.item WHERE unnamed_since IS NULL')
    return rows.map(({ bytes }) => bytes.toString()).toSorted()
  }

  const briefWith = (cid: string) => ({ title: 'T', attachments: [{ name: 'a', cid, size: 1 }] })

  beforeEach(async () => {
    await index.create()
    await index.moveTo({ number: block, timestamp: clock() }, (tx) => tx.insert(run).values(openRun(1n)))
  })

  it('that an event names counts a tenth for its client, as do its attachments', async () => {
    const { cid } = await contentOf('attached')
    await postText('brief', { brief: briefWith(cid) })
    await postText('attached')
    await postText('unnamed')
    const { charge } = await rowOf<{ charge: number }>('SELECT charge::int FROM content.total')
    const full = { ...limits, clientBytes: charge }
    expect(await postText('more', {}, full)).toBe('clientFull')
    await indexEvents([await uriOf('brief'), 'ipfs://bafkreinothere', 'https://elsewhere.example'])
    await nameRecent(parts)
    expect(await namedTexts()).toEqual(['attached', 'brief'])
    expect(await postText('more', {}, full)).toBe('stored')
    // Of the two named ones a tenth, of the two others all.
    const spent = (charge - 1_024) / 10 + 2 * 1_024
    expect(await postText('too much', {}, { ...limits, clientBytes: spent + 1_023 })).toBe('clientFull')
    expect(await postText('most', {}, { ...limits, clientBytes: spent + 1_025 })).toBe('stored')
  })

  it('is found by the searches of each block, one after the other', async () => {
    for (const text of ['first', 'second', 'third']) {
      await postText(text)
      await indexEvents([await uriOf(text)])
      await nameRecent(parts)
    }
    expect(await namedTexts()).toEqual(['first', 'second', 'third'])
  })

  it('is dropped a day after its last post, unless an event, an agent or a brief names it', async () => {
    await indexEvents([await uriOf('brief'), await uriOf('posted later')])
    await index.db.insert(agent).values(stakedAgent(1n, { agentURI: await uriOf('registration') }))
    const { cid } = await contentOf('attached')
    await postText('brief', { brief: briefWith(cid) })
    for (const text of ['attached', 'registration', 'unnamed', 'posted later', 'renewed', 'young']) await postText(text)
    await pass(DAY_SECONDS - 10)
    await postText('renewed')
    await pool.query(`UPDATE content.item SET unnamed_since = now() WHERE bytes = 'young'`)
    expect(await sweep()).toBe(0)
    await pass(20)
    expect(await sweep()).toBe(1)
    expect(await storedTexts()).toEqual(['attached', 'brief', 'posted later', 'registration', 'renewed', 'young'])
    await expectTotalCounted()
    expect(await postText('unnamed')).toBe('stored')
  })

  it('that only an agent names is kept while the agent has stake, if it is small, without what it attaches', async () => {
    const { cid } = await contentOf('attached')
    const small = 's'.repeat(MAX_AGENT_ITEM_BYTES)
    const large = 'l'.repeat(MAX_AGENT_ITEM_BYTES + 1)
    const withAttachment = 'a brief that an agent names'
    await postText(withAttachment, { brief: briefWith(cid) })
    for (const text of ['attached', small, large, 'of no stake']) await postText(text)
    const agents = [small, large, withAttachment, 'of no stake'].map(async (text, place) =>
      stakedAgent(BigInt(place + 1), {
        agentURI: await uriOf(text),
        stakedAmount: text === 'of no stake' ? 19_999_999n : 20_000_000n,
      }),
    )
    await index.db.insert(agent).values(await Promise.all(agents))
    await sweep()
    await pass(DAY_SECONDS + 1)
    await sweep()
    expect(await storedTexts()).toEqual([withAttachment, small].toSorted())
    await index.db.update(agent).set({ stakedAmount: 0n })
    expect(await sweep()).toBe(0)
    await pass(DAY_SECONDS + 1)
    await sweep()
    expect(await storedTexts()).toEqual([])
    await expectTotalCounted()
  })

  it('that a run names goes a day after its refund, with its attachments, and stays if it is funded again', async () => {
    const texts = ['of a refunded run', 'of a run that is funded again', 'of a draft']
    for (const [place, text] of texts.entries()) {
      const { cid } = await contentOf(`attached ${place}`)
      await postText(text, { brief: briefWith(cid) })
      await postText(`attached ${place}`)
      await postRun(BigInt(place + 2), text, { state: place === 2 ? 'DRAFT' : 'OPEN' })
    }
    await sweep()
    expect(await namedTexts()).toEqual(['attached 0', 'attached 1', ...texts.slice(0, 2)])
    for (const id of [2n, 3n]) await setState(id, 'DRAFT')
    await sweep()
    expect(await namedTexts()).toEqual([])
    await pass(DAY_SECONDS - 10)
    await sweep()
    expect(await storedTexts()).toHaveLength(6)
    await setState(3n, 'OPEN')
    await pass(20)
    await sweep()
    expect(await storedTexts()).toEqual(['attached 1', texts[1]])
    await expectTotalCounted()
  })

  it('that a kept brief attaches is kept, but not what an attachment attaches', async () => {
    const [leaf, branch] = [await contentOf('leaf'), await contentOf('branch')]
    await postText('root', { brief: briefWith(branch.cid) })
    await postText('branch', { brief: briefWith(leaf.cid) })
    await postText('leaf')
    await postRun(2n, 'root')
    for (let day = 0; day < 3; day++) {
      await pass(DAY_SECONDS + 1)
      await sweep()
    }
    expect(await storedTexts()).toEqual(['branch', 'root'])
  })

  it('has the clients that posted it first and last as long as it is kept', async () => {
    await postText('renewed', { client: '192.0.2.1' })
    await postText('kept', { client: '192.0.2.3' })
    await postRun(2n, 'kept')
    await pass(3_601)
    await postText('renewed', { client: '192.0.2.2' })
    await sweep()
    await pass(DAY_SECONDS - 60)
    await sweep()
    await pass(10)
    await sweep()
    const client = await pool.connect()
    expect(await blockContent(client, (await contentOf('renewed')).cid)).toEqual({
      first: '192.0.2.1',
      last: '192.0.2.2',
    })
    await pass(100 * DAY_SECONDS)
    await sweep()
    expect(await blockContent(client, (await contentOf('kept')).cid)).toEqual({ first: '192.0.2.3', last: '192.0.2.3' })
    client.release()
  })

  it('is not dropped while the index is more than an hour behind, or has no block', async () => {
    await postText('unnamed')
    await postText('kept')
    await postRun(2n, 'kept')
    await sweep()
    await index.pool.query('DELETE FROM run WHERE bounty_id = 2')
    await pass(2 * DAY_SECONDS)
    await indexEvents([], clock() - 3_660n)
    await markNamed(parts)
    expect(await deleteUnnamed(parts)).toBe(0)
    await index.pool.query('DELETE FROM head')
    await markNamed(parts)
    expect(await deleteUnnamed(parts)).toBe(0)
    expect(await storedTexts()).toEqual(['kept', 'unnamed'])
    expect(await namedTexts()).toEqual(['kept'])
    await indexEvents([], clock() - 3_000n)
    await markNamed(parts)
    expect(await namedTexts()).toEqual([])
    expect(await deleteUnnamed(parts)).toBe(1)
    expect(await storedTexts()).toEqual(['kept'])
  })

  it('is kept by a post that comes while it is dropped', async () => {
    await postText('one')
    await pass(2 * DAY_SECONDS)
    await indexEvents([])
    const other = await pool.connect()
    // The deletion waits for it with its last statement.
    await other.query('BEGIN; SELECT FROM content.total FOR UPDATE')
    const deleted = deleteUnnamed(parts)
    await untilWaiting(1)
    const posted = postText('one')
    await untilWaiting(2)
    await other.query('COMMIT')
    other.release()
    expect(await deleted).toBe(1)
    expect(await posted).toBe('stored')
    expect(await storedTexts()).toEqual(['one'])
    await expectTotalCounted()
  })

  it('is not dropped before the index has searched the whole day', async () => {
    await postText('one')
    await pass(DAY_SECONDS + 600)
    await indexEvents([], clock() - 3_000n)
    expect(await deleteUnnamed(parts)).toBe(0)
    await indexEvents([])
    expect(await deleteUnnamed(parts)).toBe(1)
  })

  it('is searched once for what is kept, however many items are no longer', async () => {
    await pool.query(
      `INSERT INTO content.item (cid, media_type, bytes, attachments, charge, unnamed_since)
       SELECT 'of a refunded run ' || n, 'text/plain', '', '{}', 1024, NULL FROM generate_series(1, 2500) n`,
    )
    await indexEvents([])
    /** How often the events have been scanned. PostgreSQL counts what a connection did when it ends. */
    const scans = async () =>
      (
        await rowOf<{ scans: number }>(
          `SELECT sum(seq_scan + idx_scan)::int AS scans FROM pg_stat_user_tables WHERE relname = 'run_event'`,
        )
      ).scans
    const before = await scans()
    const ended = new pg.Pool({ connectionString: index.url, max: 1 })
    await markNamed({ ...parts, pool: ended })
    await ended.end()
    expect(await rowOf('SELECT count(*)::int FROM content.item WHERE unnamed_since IS NULL')).toEqual({ count: 0 })
    expect(await scans()).toBe(before + 1)
  })

  it('is not dropped by a process that cannot search, because another one does', async () => {
    await postText('unnamed')
    await pass(2 * DAY_SECONDS)
    const other = await pool.connect()
    await other.query('BEGIN; SELECT pg_advisory_xact_lock(7286543024)')
    expect([await markNamed(parts), await deleteUnnamed(parts)]).toEqual([false, undefined])
    expect(await storedTexts()).toEqual(['unnamed'])
    await other.query('COMMIT')
    other.release()
    await deleteUnnamed(parts)
    expect(await storedTexts()).toEqual([])
  })

  it('that is blocked is deleted, and refused until the block is lifted', async () => {
    const { cid } = await contentOf('bad')
    await postText('bad')
    const client = await pool.connect()
    expect(await blockContent(client, cid)).toEqual({ first: 'a', last: 'a' })
    expect(await storedTexts()).toEqual([])
    await expectTotalCounted()
    expect(await postText('bad')).toBe('blocked')
    expect(await blockContent(client, cid)).toBeUndefined()
    expect([await unblockContent(client, cid), await unblockContent(client, cid)]).toEqual([true, false])
    expect(await postText('bad')).toBe('stored')
    client.release()
  })
})
