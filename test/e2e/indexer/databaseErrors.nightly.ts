// docs/operations.md, "When the indexer ends": whatever PostgreSQL answers, the indexer continues, or a restart helps.
import { setTimeout as sleep } from 'node:timers/promises'
import getPort from 'get-port'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect } from '../../../ops/database/connect.ts'
import { startApi } from '../../../tools/devnet/api.ts'
import { startIndexer } from '../../../tools/devnet/indexer.ts'
import { startPostgres } from '../../../tools/devnet/postgres.ts'
import { freshDatabase } from '../../support/database.ts'
import { cancelStatements, failWrites, terminateSessions } from '../../support/databaseFaults.ts'
import { type MarketOnAnvil, startMarketOnAnvil } from '../../support/marketOnAnvil.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'
import { poster, postRun } from './postRun.ts'
import { expectAllRows, PAUSES, superviseIndexer, tableOfRuns } from './supervisedIndexer.ts'

const STORM_MS = 6_000

/** Some hundred blocks in a storm: with thousands, most of the time is for indexing them again. */
const POST_INTERVAL_MS = 20

/**
 * Errors of a server that a statement may meet: rollback, resources, state, intervention, system. The first of each class
 * repeats until the indexer ends.
 */
const CLASSES = [
  ['40001', '40P01', '40003'],
  ['53200', '53000', '53100', '53400'],
  ['55P03', '55000', '55006'],
  ['57014', '57000', '57P04', '57P05'],
  ['58030', '58000', '58P01'],
] as const

let chain: MarketOnAnvil

beforeAll(async () => {
  chain = await startMarketOnAnvil()
  await chain.fund(poster)
})

afterAll(() => chain?.stop())

const latest = () => chain.client.getBlockNumber({ cacheTime: 0 })

/** Holds the lock of the runs' table again and again, as a migration that an operator tries. */
async function lockRuns(url: string, milliseconds: number) {
  await using client = await connect(url)
  const table = await tableOfRuns(client)
  // The database's setting is for the indexer. This lock waits as long as the indexer's transaction takes.
  await client.query('SET lock_timeout = 0')
  for (const end = Date.now() + milliseconds; Date.now() < end; await sleep(100)) {
    await client.query(`BEGIN; LOCK TABLE ${table} IN SHARE MODE`)
    await sleep(900)
    await client.query('ROLLBACK')
  }
}

/** Changes a setting of the database. Sessions that are open keep the former one, so they are ended. */
async function alterDatabase(url: string, change: string) {
  await using client = await connect(url)
  await client.query(`ALTER DATABASE ${new URL(url).pathname.slice(1)} ${change}`)
  await terminateSessions(url, 100)
}

const storms: [string, (url: string) => Promise<void>, string?][] = [
  ['statements are cancelled', (url) => cancelStatements(url, STORM_MS)],
  ['sessions are ended', (url) => terminateSessions(url, STORM_MS)],
  ['writes exceed lock_timeout', (url) => lockRuns(url, STORM_MS), 'lock_timeout'],
]

test.each(storms)(
  'while %s for seconds, the indexer continues or exits with 75, and then follows and counts nothing twice',
  { timeout: 240_000 },
  async (_, storm, setting) => {
    const databaseUrl = await freshDatabase()
    const supervised = superviseIndexer(chain, databaseUrl)
    try {
      await postRun(chain)
      await waitForIndex(databaseUrl, await latest(), 60_000)
      if (setting) await alterDatabase(databaseUrl, `SET ${setting} = 50`)
      let isOver = false
      const over = storm(databaseUrl).finally(() => {
        isOver = true
      })
      for (; !isOver; await sleep(POST_INTERVAL_MS)) await postRun(chain)
      await over
      // On a busy machine, locks of the indexer's own connections take as long.
      if (setting) await alterDatabase(databaseUrl, `RESET ${setting}`)
      await supervised.follow()
      console.log(`The indexer ended ${supervised.ends.length} times`)
    } finally {
      await supervised.stop()
    }
    await expectAllRows(chain, databaseUrl)
  },
)

test('a start whose connection breaks in a nested transaction exits with 75', { timeout: 120_000 }, async () => {
  const databaseUrl = await freshDatabase()
  const first = await startIndexer({ ...chain, databaseUrl })
  await postRun(chain)
  await waitForIndex(databaseUrl, await latest(), 60_000)
  process.kill(first.part.pid, 'SIGKILL')
  await first.part.ended
  await alterDatabase(databaseUrl, 'SET lock_timeout = 50')
  await using client = await connect(databaseUrl)
  await using locker = await connect(databaseUrl)
  await locker.query(`BEGIN; LOCK TABLE ${await tableOfRuns(client)} IN SHARE MODE`)
  const started = startIndexer({ ...chain, databaseUrl }).then(({ part }) => part.ended, String)
  // The start drops Ponder's triggers, which waits for the lock, and repeats this.
  const text = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'active' AND query ILIKE 'DROP TRIGGER%'`
  while ((await client.query(text)).rowCount === 0) await sleep(5)
  expect(await started).toMatch(/exited with code 75/)
})

test('whatever error a write gets, once or repeatedly, the indexer continues or exits with 75', {
  timeout: 600_000,
}, async () => {
  const databaseUrl = await freshDatabase()
  await using client = await connect(databaseUrl)
  const supervised = superviseIndexer(chain, databaseUrl, PAUSES)
  const ended: Record<string, number> = {}
  try {
    await postRun(chain)
    await waitForIndex(databaseUrl, await latest(), 60_000)
    const runs = await tableOfRuns(client)
    async function meet(code: string, times: number) {
      const before = supervised.ends.length
      await failWrites(databaseUrl, runs, code, times)
      await postRun(chain)
      await supervised.follow()
      ended[`${code}, ${times} times`] = supervised.ends.length - before
    }
    for (const codes of CLASSES) {
      for (const code of codes) await meet(code, 1)
      // Ponder repeats a write that failed, and takes a second error for a defect of a handler.
      await meet(codes[0], 3)
    }
  } finally {
    await supervised.stop()
  }
  console.log('How often each error ended the indexer', ended)
  await expectAllRows(chain, databaseUrl)
})

test('a kill of PostgreSQL’s first process loses no block that readers saw, and they get answers before the indexer restarts', {
  timeout: 90_000,
}, async () => {
  await using parts = new AsyncDisposableStack()
  // By itself, this server writes commits to the disk only after the test.
  const lazy = await startPostgres({ settings: { wal_writer_delay: '10s' } })
  parts.defer(lazy.stop)
  const options = { ...chain, databaseUrl: await lazy.createDatabase() }
  const indexer = await startIndexer(options)
  parts.defer(indexer.stop)
  await indexer.part.saw(/Readers see this build/, 60_000)
  const api = await startApi(options)
  parts.defer(api.stop)
  await postRun(chain)
  const block = await latest()
  await waitForIndex(options.databaseUrl, block, 60_000)
  const statusAt = async () => (await fetch(`${api.url}/api/runs?minBlock=${block}`)).status
  expect(await statusAt()).toBe(200)
  await sleep(500)
  await lazy.crash()
  expect(await indexer.part.ended).toBe('exited with code 75')
  await expect.poll(statusAt, { timeout: 20_000 }).toBe(200)
})

test('an indexer that starts before PostgreSQL waits for it', { timeout: 90_000 }, async () => {
  await using parts = new AsyncDisposableStack()
  const port = await getPort()
  const waiting = Promise.withResolvers<void>()
  const databaseUrl = `postgres://postgres:postgres@127.0.0.1:${port}/postgres`
  const starting = startIndexer({
    ...chain,
    databaseUrl,
    onLine: (line) => line.includes('PostgreSQL does not accept connections') && waiting.resolve(),
  })
  await Promise.race([waiting.promise, starting])
  const late = await startPostgres({ port })
  parts.defer(late.stop)
  const indexer = await starting
  parts.defer(indexer.stop)
  await indexer.part.saw(/Readers see this build/, 60_000)
})
