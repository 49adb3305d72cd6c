import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { createOwnSessions, type OwnSessions } from '../../ops/database/ownSessions.ts'
import { freshDatabase } from '../support/database.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcpProxy.ts'

/** Shorter than the three seconds that PostgreSQL must have waited. */
const SILENT_MS = 1_000

const LOOK_INTERVAL_MS = 500

let databaseUrl: string
let proxy: TcpProxy
let sessions: OwnSessions
/** A session of its own, which does not go through the proxy. */
let watch: pg.Client

beforeEach(async () => {
  databaseUrl = await freshDatabase()
  proxy = await startTcpProxy(Number(new URL(databaseUrl).port))
  onTestFinished(proxy.stop)
  sessions = createOwnSessions(SILENT_MS)
  watch = await connect(databaseUrl)
})

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  onTestFinished(() => client.end())
  return client
}

/** A session of the process, and its process id. */
async function open(url = proxy.urlOf(databaseUrl)) {
  const client = await connect(url)
  await sessions.add(client)
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  return { client, pid: rows[0]?.pid ?? 0 }
}

/** Looks as often as the indexer does. @returns the first sessions that are found, or none within the time. */
async function look(milliseconds: number): Promise<number[]> {
  for (const end = performance.now() + milliseconds; performance.now() < end; await sleep(LOOK_INTERVAL_MS)) {
    const frozen = await sessions.findFrozen(watch)
    if (frozen.length > 0) return frozen
  }
  return []
}

async function pidsOfServer(): Promise<number[]> {
  const { rows } = await watch.query<{ pid: number }>(
    'SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
  )
  return rows.map(({ pid }) => pid)
}

it('finds a session whose statement or answer is lost, and ends those of the process only', async () => {
  const [asking, answering, idle] = [await open(), await open(), await open()]
  const foreign = await connect(databaseUrl)
  const { rows } = await foreign.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  answering.client.query('SELECT pg_sleep(1)').catch(() => undefined)
  await sleep(200)
  proxy.freeze()
  asking.client.query('SELECT 1').catch(() => undefined)
  await look(8_000)
  // One may be found before the other.
  await sleep(3_000)
  expect((await sessions.findFrozen(watch)).toSorted()).toEqual([asking.pid, answering.pid].toSorted())
  expect(await pidsOfServer()).toContain(idle.pid)
  await sessions.endAll(watch)
  await expect.poll(pidsOfServer).toEqual([rows[0]?.pid])
})

it('finds a session that PostgreSQL no longer has', async () => {
  const { client, pid } = await open()
  proxy.freeze()
  await watch.query('SELECT pg_terminate_backend($1)', [pid])
  client.query('SELECT 1').catch(() => undefined)
  expect(await look(6_000)).toEqual([pid])
})

it('finds no session that is idle, in a transaction, works, or waits for a lock', { timeout: 30_000 }, async () => {
  const [idle, inTransaction, working, waiting] = [await open(), await open(), await open(), await open()]
  await watch.query('CREATE TABLE locked ()')
  await inTransaction.client.query('BEGIN; LOCK TABLE locked')
  const results = [working.client.query('SELECT pg_sleep(6)'), waiting.client.query('SELECT FROM locked')]
  expect(await look(6_500)).toEqual([])
  await inTransaction.client.query('ROLLBACK')
  await Promise.all(results)
  await idle.client.query('SELECT')
})

it('finds no session whose answer this process did not read while it was blocked', async () => {
  // The proxy is blocked too: it would pass the answer on too late.
  const { client } = await open(databaseUrl)
  const answer = client.query('SELECT pg_sleep(0.1)')
  // Sends the statement.
  await new Promise(setImmediate)
  expect(await sessions.findFrozen(watch)).toEqual([])
  for (const end = performance.now() + 4_000; performance.now() < end; );
  expect(await sessions.findFrozen(watch)).toEqual([])
  await answer
})

it('has both ends ask for a sign of life', async () => {
  const { client } = await open()
  const { rows } = await client.query(`
    SELECT current_setting('tcp_keepalives_idle') AS idle, current_setting('tcp_user_timeout') AS timeout`)
  expect(rows).toEqual([{ idle: '10', timeout: '30000' }])
})
