import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { run } from '../../ponder.schema.ts'
import type { Lag } from '../../src/api/observability/indexLag.ts'
import { createReadiness } from '../../src/api/observability/readiness.ts'
import { openRun, seedTime } from '../support/rows.ts'
import { emptyIndex, type IndexedDatabase, viewsSchema } from './indexedDatabase.ts'
import { type TestApi, testApi } from './testApi.ts'

let index: IndexedDatabase
let api: TestApi

beforeEach(async () => {
  index = await emptyIndex()
  await index.db.insert(run).values(openRun(1n))
  await index.moveTo({ number: 10n, timestamp: seedTime })
  api = await testApi(index.url)
})

afterEach(async () => {
  await api.close()
  await index.close()
})

const notLagging: Lag = { chain: 10n, head: 10n, behind: 0, stalled: 0, unseen: 0, unchanged: 0 }
const limits = { stallSeconds: 60, maxLagSeconds: 30, stoppedSeconds: 0 }

/** A process's status, which is not reused. */
async function status() {
  const orphan = { reason: () => undefined }
  const check = createReadiness({
    index: api.index,
    lag: () => notLagging,
    limits,
    orphan,
    relay: undefined,
    logger: pino({ level: 'silent' }),
  })
  const { status, reasons } = await check()
  return { status, reasons: reasons.map(({ code }) => code) }
}

it('answers 503 where a new build renamed a column, says what to do in the log, and is ready again after a switch back', async () => {
  expect((await api.get('/api/runs')).status).toBe(200)
  await index.pool.query(`ALTER VIEW ${viewsSchema}.run RENAME COLUMN reward TO price`)
  for (const path of ['/api/runs?limit=1', '/api/runs/1?minBlock=1']) {
    const { status, headers, body } = await api.get(path)
    expect([status, body.code, headers.get('Retry-After')]).toEqual([503, 'INDEX_BEHIND', '1'])
    expect(body.detail).toBe('The index is of another version than this server.')
  }
  const line = JSON.parse(api.logged.at(-1) ?? '')
  expect(line.err.message).toMatch(/newer or older than this API.*upgrade the indexer.*column .*reward does not exist/)
  expect(await status()).toEqual({ status: 'unready', reasons: ['INDEX_VERSION'] })
  // Routes that do not read the column still answer.
  expect((await api.get('/api/agents')).status).toBe(200)
  expect(await status()).toEqual({ status: 'unready', reasons: ['INDEX_VERSION'] })

  await index.pool.query(`ALTER VIEW ${viewsSchema}.run RENAME COLUMN price TO reward`)
  expect(await status()).toEqual({ status: 'ready', reasons: [] })
  expect((await api.get('/api/runs?limit=2')).status).toBe(200)
})

it('answers after a new build added a column', async () => {
  expect((await api.get('/api/runs')).status).toBe(200)
  await index.pool.query(
    `ALTER TABLE run ADD COLUMN tip bigint; CREATE OR REPLACE VIEW ${viewsSchema}.run AS SELECT * FROM run`,
  )
  expect((await api.get('/api/runs?limit=3')).status).toBe(200)
  expect(await status()).toEqual({ status: 'ready', reasons: [] })
})
