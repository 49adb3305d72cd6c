import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { listenForBlocks } from '../../core/database/notifications.ts'
import { seedTime } from '../support/rows.ts'
import { blockHash, emptyIndex, type IndexedDatabase, viewsSchema } from './indexedDatabase.ts'
import { type TestApi, testApi } from './testApi.ts'

const logger = pino({ level: 'silent' })
const notify = sql.raw(`NOTIFY ${viewsSchema}_live_query, '["head"]'`)
const block = (number: bigint) => ({ number, timestamp: seedTime })

let index: IndexedDatabase
let notifications: ReturnType<typeof listenForBlocks>
let api: TestApi

beforeEach(async () => {
  index = await emptyIndex()
  await index.moveTo(block(10n))
  notifications = listenForBlocks({ url: index.url, schema: viewsSchema, logger })
  api = await testApi(index.url, undefined, notifications)
  await vi.waitUntil(notifications.isLive, { timeout: 10_000 })
})

afterEach(async () => {
  await api.close()
  await notifications.close()
  await index.close()
})

/** Indexes the block and notifies, as Ponder does. */
const announce = (number: bigint) => index.moveTo(block(number), (tx) => tx.execute(notify))

/**
 * Stops the time that the API sees, which begins anew: it reads the head again only where a test lets the time pass, or
 * notifies it.
 */
async function stopTime() {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  await api.close()
  api = await testApi(index.url, undefined, notifications)
  // The first read also reads the highest block.
  await api.get('/api/runs')
  const reads = api.countReads()
  onTestFinished(() => {
    reads.stop()
    vi.useRealTimers()
  })
  const turn = () => new Promise(setImmediate)
  return {
    /** How often the head was read. */
    reads: reads.heads,
    /** Lets the time pass, and all reads end that the API begins. */
    async pass(milliseconds: number) {
      for (let passed = 0; passed < milliseconds; passed += 5) {
        vi.advanceTimersByTime(5)
        await turn()
        await reads.headsRead()
        await turn()
      }
    },
  }
}

/** Waits for the block, whose number the answer must have. */
async function expectAnswer(answer: ReturnType<TestApi['get']>, number: bigint) {
  expect((await answer).headers.get('X-Indexed-Block')).toBe(String(number))
}

async function listeners() {
  const { rows } = await index.pool.query<{ pid: number }>(
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'runline_notifications' AND datname = current_database()",
  )
  return rows.map(({ pid }) => pid)
}

describe('a request that waits for a block', () => {
  it('is answered on the block’s notification, not on the next poll', async () => {
    await stopTime()
    const answer = api.get('/api/runs?minBlock=11')
    await announce(11n)
    await expectAnswer(answer, 11n)
  })

  it('is answered soon where a standby has the block only after the notification', async () => {
    const { pass, reads } = await stopTime()
    const answer = api.get('/api/runs?minBlock=11')
    await index.db.execute(notify)
    await vi.waitUntil(reads, { timeout: 10_000 })
    await pass(30)
    await index.moveTo(block(11n))
    await pass(60)
    // Another poll comes 50 ms after the one before.
    await expectAnswer(answer, 11n)
  })

  it('is answered without a notification', async () => {
    const answer = api.get('/api/runs?minBlock=11')
    await index.moveTo(block(11n))
    await expectAnswer(answer, 11n)
    await notifications.close()
    const next = api.get('/api/runs?minBlock=12')
    await announce(12n)
    await expectAnswer(next, 12n)
  })

  it('reads nothing but the head until the block is there', async () => {
    await api.get('/api/runs')
    const reads = api.countReads()
    const paths = [
      '/api/runs?page=2&',
      '/api/runs/1?',
      '/api/agents?',
      '/api/agents/1?',
      '/api/stats?',
      '/api/runs/1/events?',
    ]
    const requests = [0, 1, 2, 3, 4].flatMap((zeros) => paths.map((path) => api.get(`${path}minBlock=${11 + zeros}`)))
    await sleep(300)
    expect(reads.transactions()).toBe(0)
    expect(reads.heads()).toBeGreaterThan(0)
    await announce(15n)
    for (const { headers } of await Promise.all(requests)) expect(headers.get('X-Indexed-Block')).toBe('15')
    reads.stop()
  })

  it('shares each read of the head with all other requests', async () => {
    const { pass, reads } = await stopTime()
    const requests = Array.from({ length: 50 }, (_, n) => api.get(`/api/runs?minBlock=11&limit=${n + 1}`))
    await pass(1_000)
    expect(reads()).toBe(20)
    await announce(11n)
    for (const answer of requests) await expectAnswer(answer, 11n)
    const after = reads()
    await announce(12n)
    await pass(300)
    expect(reads()).toBe(after)
  })
})

it('shows a new block to a client that polls the same page before the next poll of the head', async () => {
  await stopTime()
  for (let number = 11n; number < 14n; number++) {
    await api.get('/api/runs')
    await announce(number)
    const shown = async () => (await api.get('/api/runs')).headers.get('X-Indexed-Block')
    await expect.poll(shown, { interval: 5 }).toBe(String(number))
  }
})

describe('after', () => {
  it('resolves with another head, also after a reorg, and only with a consistent one', async () => {
    const { head } = api.index
    const unlimited = new AbortController().signal
    expect(await head.after(undefined, unlimited)).toMatchObject({ number: 10n })
    const next = head.after(blockHash(10n), unlimited)
    await index.setHead(block(9n))
    await index.db.execute(notify)
    await sleep(300)
    await announce(8n)
    expect(await next).toMatchObject({ number: 8n, hash: blockHash(8n) })
  })

  it('resolves with undefined when its signal aborts', async () => {
    const { head } = api.index
    await api.index.readHead()
    expect(await head.after(blockHash(10n), AbortSignal.timeout(100))).toBeUndefined()
    expect(await head.after(blockHash(9n), AbortSignal.abort())).toBeUndefined()
  })

  it('rejects where the index cannot be read', async () => {
    await api.get('/api/runs')
    const client = await index.pool.connect()
    await client.query('BEGIN; LOCK TABLE head IN ACCESS EXCLUSIVE MODE')
    const next = api.index.head.after(blockHash(10n), AbortSignal.timeout(5_000))
    await expect(next).rejects.toMatchObject({ code: 'INDEX_BEHIND' })
    await client.query('ROLLBACK')
    client.release()
  })
})

describe('the connection that listens', () => {
  it('is reopened when it breaks', async () => {
    const [pid] = await listeners()
    await index.pool.query('SELECT pg_terminate_backend($1)', [pid])
    await vi.waitUntil(
      async () => {
        const [now] = await listeners()
        return notifications.isLive() && now !== undefined && now !== pid
      },
      { timeout: 10_000 },
    )
    await stopTime()
    const answer = api.get('/api/runs?minBlock=11')
    await announce(11n)
    await expectAnswer(answer, 11n)
  })

  it('is closed by close()', async () => {
    expect(await listeners()).toHaveLength(1)
    await notifications.close()
    expect([await listeners(), notifications.isLive()]).toEqual([[], false])
  })

  it('is retried while the database is unreachable, and does not delay close()', async () => {
    const nowhere = listenForBlocks({ url: 'postgres://postgres@127.0.0.1:1/none', schema: viewsSchema, logger })
    await sleep(300)
    const started = performance.now()
    expect(nowhere.isLive()).toBe(false)
    await nowhere.close()
    expect(performance.now() - started).toBeLessThan(1_000)
  })
})
