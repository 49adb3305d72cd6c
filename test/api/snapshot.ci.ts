import { setTimeout as sleep } from 'node:timers/promises'
import getPort from 'get-port'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { run } from '../../ponder.schema.ts'
import type { Answer } from '../support/describedAnswers.ts'
import { openRun, seedTime } from '../support/rows.ts'
import { emptyIndex, type IndexedDatabase, tablesSchema, viewsSchema } from './indexedDatabase.ts'
import { type TestApi, testApi } from './testApi.ts'

let index: IndexedDatabase
let api: TestApi

const block = (number: bigint) => ({ number, timestamp: seedTime })

beforeEach(async () => {
  index = await emptyIndex()
  api = await testApi(index.url)
})

afterEach(async () => {
  await api.close()
  await index.close()
})

async function timed(request: Promise<Answer>) {
  const start = performance.now()
  const answer = await request
  return { ...answer, milliseconds: performance.now() - start }
}

function expectBehind({ status, headers, body }: Answer) {
  expect([status, body.code, headers.get('Retry-After')]).toEqual([503, 'INDEX_BEHIND', '1'])
  expect(headers.get('X-Indexed-Block')).toBeNull()
}

/** A path of every route that reads the index. */
const paths = [
  '/api/runs',
  '/api/runs/1',
  '/api/runs/999',
  '/api/runs/1/events',
  '/api/agents',
  '/api/agents/1',
  '/api/agents/1/stake',
  '/api/stats',
]

describe('before the first block', () => {
  it('answers 503, not an empty list, while there are no tables', async () => {
    await index.pool.query(`DROP SCHEMA ${viewsSchema} CASCADE; DROP SCHEMA ${tablesSchema} CASCADE`)
    for (const answer of await Promise.all(paths.map((path) => api.get(path)))) expectBehind(answer)
  })

  it('answers 503, not an empty list, while the tables are empty', async () => {
    for (const answer of await Promise.all(paths.map((path) => api.get(path)))) expectBehind(answer)
  })

  it('waits for the first block', async () => {
    const request = timed(api.get('/api/runs'))
    await sleep(200)
    await index.addBlock(block(1n))
    const { status, milliseconds } = await request
    expect(status).toBe(200)
    expect(milliseconds).toBeGreaterThan(200)
  })
})

describe('while the index rewinds', () => {
  beforeEach(async () => {
    await index.db.insert(run).values(openRun(1n))
    await index.moveTo(block(180n))
    // As observed after a restart of Ponder: rows at block 136, checkpoint at block 180.
    await index.setHead(block(136n))
  })

  it('answers 503 after a second, never 404 or a list', async () => {
    const answers = await Promise.all(paths.map((path) => timed(api.get(path))))
    for (const answer of answers) {
      expectBehind(answer)
      expect(answer.milliseconds).toBeGreaterThanOrEqual(1_000)
      expect(answer.milliseconds).toBeLessThan(2_500)
      expect(answer.body.detail).toBe('The index is replaying block 136, up to block 180.')
    }
  })

  it('waits for the index and answers at its block', async () => {
    const requests = paths.map((path) => api.get(path))
    await sleep(300)
    await index.addBlock(block(181n))
    for (const { headers } of await Promise.all(requests)) expect(headers.get('X-Indexed-Block')).toBe('181')
  })

  it('answers 503 while the checkpoint is behind the head', async () => {
    await index.setHead(block(1_180n))
    expectBehind(await api.get('/api/runs'))
    const line = JSON.parse(api.logged.at(-1) ?? '')
    expect(line).toMatchObject({ msg: 'INDEX_BEHIND', detail: expect.stringContaining('replaying block 1180') })
    // It is an expected refusal.
    expect(line).not.toHaveProperty('err')
  })
})

describe('at a block before one that was already shown', () => {
  let now: number

  beforeEach(async () => {
    now = Number(seedTime) * 1_000
    await api.close()
    api = await testApi(index.url, () => now)
    // Shows both blocks, and then outlasts the cached answers.
    for (const number of [150n, 180n]) {
      await index.addBlock(block(number))
      await sleep(260)
      for (const path of paths) expect((await api.get(path)).headers.get('X-Indexed-Block')).toBe(String(number))
    }
    await index.addBlock(block(150n))
    // Cached answers are served for up to 250 ms.
    await sleep(260)
  })

  it('answers 503 on every route, also repeatedly', async () => {
    for (const answer of await Promise.all([...paths, ...paths].map((path) => api.get(path)))) {
      expectBehind(answer)
      expect(answer.body.detail).toBe('The index is replaying block 150, which it had indexed before.')
    }
  })

  it('waits until the index has reached the shown block again', async () => {
    const requests = paths.map((path) => api.get(path))
    // In all less than the second for which a read waits.
    await sleep(50)
    await index.addBlock(block(179n))
    await sleep(50)
    await index.addBlock(block(180n))
    for (const { headers } of await Promise.all(requests)) expect(headers.get('X-Indexed-Block')).toBe('180')
  })

  it('accepts the lower block after thirty seconds', async () => {
    expectBehind(await api.get('/api/runs'))
    now += 29_900
    expectBehind(await api.get('/api/runs'))
    now += 100
    expect((await api.get('/api/runs')).headers.get('X-Indexed-Block')).toBe('150')
  })
})

describe('an API that starts', () => {
  let later: TestApi

  beforeEach(async () => {
    await index.addBlock(block(180n))
    later = await testApi(index.url)
  })

  afterEach(() => later.close())

  it('answers at once from an index that is at its highest block, however far it is behind the chain', async () => {
    for (const answer of await Promise.all(paths.map((path) => timed(later.get(path))))) {
      expect(answer.headers.get('X-Indexed-Block')).toBe('180')
      expect(answer.milliseconds).toBeLessThan(900)
    }
  })

  it('answers 503 at a block before the highest that earlier processes could show, until the index has that again', async () => {
    await index.setHead(block(150n))
    for (const number of [150n, 179n]) {
      await index.addBlock(block(number))
      for (const answer of await Promise.all(paths.map((path) => later.get(path)))) expectBehind(answer)
    }
    await index.addBlock(block(180n))
    for (const answer of await Promise.all(paths.map((path) => later.get(path)))) {
      expect(answer.headers.get('X-Indexed-Block')).toBe('180')
    }
  })

  it('learns of that block once the database can be read', async () => {
    const client = await index.pool.connect()
    await client.query('BEGIN; LOCK TABLE highest_block IN ACCESS EXCLUSIVE MODE')
    expectBehind(await later.get('/api/runs'))
    await client.query('ROLLBACK')
    client.release()
    await index.addBlock(block(150n))
    expectBehind(await later.get('/api/runs'))
    await index.addBlock(block(180n))
    expect((await later.get('/api/runs')).headers.get('X-Indexed-Block')).toBe('180')
  })
})

describe('minBlock', () => {
  beforeEach(async () => {
    await index.addBlock(block(10n))
  })

  it.each(['0', '9', '10'])('does not wait for %s at block 10', async (minBlock) => {
    // There is no other block, so a request that waits ends with 503.
    expect((await api.get(`/api/runs?minBlock=${minBlock}`)).status).toBe(200)
  })

  it('waits longer for the block than for an index that rewinds', async () => {
    const requests = paths.map((path) => api.get(`${path}?minBlock=12`))
    await sleep(700)
    await index.addBlock(block(11n))
    await sleep(700)
    await index.addBlock(block(12n))
    for (const { headers } of await Promise.all(requests)) expect(headers.get('X-Indexed-Block')).toBe('12')
  })

  it('answers 503 if the block is not indexed in time', async () => {
    const answer = await timed(api.get('/api/runs?minBlock=9999999999999999'))
    expectBehind(answer)
    expect(answer.body.detail).toBe('The index is at block 10, before minBlock 9999999999999999.')
    expect(answer.milliseconds).toBeGreaterThanOrEqual(5_000)
    expect(answer.milliseconds).toBeLessThan(7_000)
  })
})

describe('while blocks are indexed', () => {
  it('never mixes two blocks in one answer', async () => {
    await index.db.insert(run).values([openRun(1n), openRun(2n), openRun(3n)])
    let done = false
    const indexer = (async () => {
      for (let number = 1n; !done; number++) {
        await index.moveTo(block(number), (tx) => tx.update(run).set({ reward: number }))
      }
    })()
    await sleep(50)
    for (let request = 0; request < 300; request++) {
      const { headers, body } = await api.get('/api/runs')
      const rewards = body.runs.map(({ reward }: { reward: string }) => reward)
      expect(rewards).toEqual(Array(3).fill(headers.get('X-Indexed-Block')))
    }
    done = true
    await indexer
  })
})

describe('when another build of the indexer takes over', () => {
  it('reads its tables with statements that were prepared on the old tables', async () => {
    await index.db.insert(run).values(openRun(1n))
    await index.moveTo(block(10n))
    const lists = ['/api/runs?state=OPEN', '/api/runs?state=OPEN&page=2', '/api/runs/1', '/api/stats']
    for (const path of lists) expect((await api.get(path)).status).toBe(200)

    const { rows } = await index.pool.query<{ name: string }>(
      "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'runline_build'",
    )
    const views = rows.map(
      ({ name }) => `
        CREATE TABLE other.${name} (LIKE runline_build.${name} INCLUDING ALL);
        INSERT INTO other.${name} SELECT * FROM runline_build.${name};
        DROP VIEW runline.${name};
        CREATE VIEW runline.${name} AS SELECT * FROM other.${name};`,
    )
    await index.pool.query(`BEGIN; CREATE SCHEMA other; ${views.join('')} COMMIT`)
    await index.pool.query('DROP SCHEMA runline_build CASCADE')
    for (const path of lists)
      expect((await api.get(`${path}${path.includes('?') ? '&' : '?'}minBlock=1`)).status).toBe(200)
  })
})

describe('where the database does not answer', () => {
  beforeEach(async () => {
    await index.addBlock(block(10n))
  })

  /** Takes the lock that a reorg takes. */
  async function lockRuns(milliseconds: number) {
    const client = await index.pool.connect()
    await client.query('BEGIN; LOCK TABLE run IN ACCESS EXCLUSIVE MODE')
    const release = sleep(milliseconds).then(async () => {
      await client.query('COMMIT')
      client.release()
    })
    return release
  }

  it('retries once after lock_timeout', async () => {
    const released = await Promise.race([lockRuns(350), sleep(10)])
    const { status, milliseconds } = await timed(api.get('/api/runs'))
    expect(status).toBe(200)
    expect(milliseconds).toBeGreaterThan(250)
    await released
  })

  it('answers 503 after a second lock_timeout', async () => {
    // The first read of a process also reads its highest block.
    await api.index.readHead()
    await Promise.race([lockRuns(1_500), sleep(10)])
    const reads = api.countReads()
    expectBehind(await api.get('/api/runs'))
    expect(reads.transactions()).toBe(2)
    reads.stop()
    expect(api.logged.join()).toContain('lock timeout')
    await sleep(1_500)
  })

  it('reconnects after all connections were closed', async () => {
    expect((await api.get('/api/runs')).status).toBe(200)
    await index.pool.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'runline_api' AND datname = current_database()",
    )
    expect((await api.get('/api/runs')).status).toBe(200)
  })

  it('answers 503 while every connection is busy, and recovers once one is free', async () => {
    const { readPool } = api
    const busy = await Promise.all(Array.from({ length: readPool.options.max }, () => readPool.connect()))
    expectBehind(await api.get('/api/runs'))
    expect(api.logged.join()).toContain('timeout exceeded when trying to connect')
    for (const client of busy) client.release()
    expect((await api.get('/api/runs')).status).toBe(200)
  })

  it('can only read', async () => {
    await expect(api.readPool.query('DELETE FROM run')).rejects.toMatchObject({ code: '25006' })
  })

  it('answers 503 where no server listens', async () => {
    const nowhere = await testApi(`postgres://postgres@127.0.0.1:${await getPort()}/postgres`)
    for (const path of paths) expectBehind(await nowhere.get(path))
    expect(nowhere.logged.join()).toContain('ECONNREFUSED')
    await nowhere.close()
  })
})
