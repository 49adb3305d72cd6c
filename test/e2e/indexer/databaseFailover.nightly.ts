import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import pg from 'pg'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { startApi } from '../../../tools/devnet/api.ts'
import { startIndexer } from '../../../tools/devnet/indexer.ts'
import { startPostgres } from '../../../tools/devnet/postgres.ts'
import { auditOnce } from '../../support/auditOnce.ts'
import { freshDatabase } from '../../support/database.ts'
import { type MarketOnAnvil, startMarketOnAnvil } from '../../support/marketOnAnvil.ts'
import { hasPgBouncer, startPgBouncer } from '../../support/pgBouncer.ts'
import { startStandby } from '../../support/standby.ts'
import { startTcpProxy } from '../../support/tcpProxy.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'
import { type Index, startIndexOf } from './indexOf.ts'
import { poster, postRun } from './postRun.ts'
import { superviseIndexer } from './supervisedIndexer.ts'

/** More than Ponder's finality, so that the standby also lacks what Ponder stored about finalized blocks. */
const LOST_BLOCKS = 40

/** Which connection ends first is not determined. */
const ENDED = /A connection to PostgreSQL ended|leads to another PostgreSQL|The lock of this build is lost/

/** Indexers start several times, also on a busy machine. */
const TIMEOUT_MS = 240_000

let chain: MarketOnAnvil
/** The index of another database, which never fails over. */
let undisturbed: Index

beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  chain = await startMarketOnAnvil()
  parts.defer(chain.stop)
  await chain.fund(poster)
  undisturbed = await startIndexOf(chain, await freshDatabase())
  parts.defer(undisturbed.stop)
  const kept = parts.move()
  return () => kept.disposeAsync()
})

/** Each run is a block. */
async function post(count: number) {
  for (let posted = 0; posted < count; posted++) await postRun(chain)
  return chain.client.getBlockNumber({ cacheTime: 0 })
}

async function query<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Row>(text)).rows
  } finally {
    await client.end()
  }
}

/**
 * A primary with a standby, and an indexer that reaches the primary through an address.
 * @param pool returns the indexer's URL, which leads to the given one.
 */
async function startCluster(pool = async (url: string, _parts: AsyncDisposableStack) => url) {
  await using parts = new AsyncDisposableStack()
  const primary = await startPostgres()
  parts.defer(primary.stop)
  const primaryUrl = await primary.createDatabase()
  const replication = await startTcpProxy(primary.port)
  parts.defer(replication.stop)
  const standby = await startStandby({ ...primary, url: replication.urlOf(primary.url) })
  parts.defer(standby.stop)
  const address = await startTcpProxy(primary.port)
  parts.defer(address.stop)
  const databaseUrl = await pool(address.urlOf(primaryUrl), parts)
  const indexer = await startIndexer({ ...chain, databaseUrl })
  parts.defer(indexer.stop)
  await indexer.part.saw(/Readers see this build/, 60_000)
  const kept = parts.move()
  onTestFinished(() => kept.disposeAsync())
  return {
    primary,
    primaryUrl,
    standbyUrl: standby.urlOf(primaryUrl),
    address,
    databaseUrl,
    indexer,
    /** The standby has the block, and no later one. */
    async cutOffAt(block: bigint) {
      await waitForIndex(standby.urlOf(primaryUrl), block)
      replication.cut()
      const receivers = async () => query(standby.url, 'SELECT pid FROM pg_stat_wal_receiver')
      await expect.poll(receivers, { timeout: 20_000 }).toEqual([])
    },
    /** Readers reach the standby from now on. */
    async failOver() {
      await query(standby.url, 'SELECT pg_promote()')
      address.moveTo(standby.port)
    },
  }
}

/** Starts the indexer again, and waits for the rows that an undisturbed index has. */
async function expectRowsOfChain(databaseUrl: string) {
  const resumed = await startIndexOf(chain, databaseUrl)
  onTestFinished(resumed.stop)
  const rows = await resumed.tables()
  expect(BigInt(rows.runs.length)).toBe(await chain.market.read.bountyCount())
  expect(rows).toEqual(await undisturbed.tables())
}
test('after a failover to a standby that lacks blocks, the indexer exits with 75 before it writes, and a restart has every row', {
  timeout: TIMEOUT_MS,
}, async () => {
  const { primary, databaseUrl, standbyUrl, indexer, cutOffAt, failOver } = await startCluster()
  await cutOffAt(await post(3))
  const lost = await post(LOST_BLOCKS)
  await waitForIndex(databaseUrl, lost)
  process.kill(-primary.part.pid, 'SIGKILL')
  await primary.part.ended
  const [before] = await query(standbyUrl, 'SELECT number FROM runline.head')
  expect(Number(before?.number)).toBe(Number(lost) - LOST_BLOCKS)
  await failOver()
  // A block for the indexer to commit on top of the lost ones.
  await post(1)
  expect(await indexer.part.ended).toBe('exited with code 75')
  expect(indexer.part.output()).toMatch(ENDED)
  expect(await query(standbyUrl, 'SELECT number FROM runline.head')).toEqual([before])
  await expectRowsOfChain(databaseUrl)
})

test.each(['is killed', 'still takes writes'])(
  'where the primary %s and the address leads at once to a standby ten blocks behind, the audit finds no difference',
  { timeout: TIMEOUT_MS },
  async (primaryDoes) => {
    const { primary, databaseUrl, indexer, cutOffAt, failOver } = await startCluster()
    await indexer.stop()
    const supervised = superviseIndexer(chain, databaseUrl)
    onTestFinished(supervised.stop)
    await supervised.untilReady()
    await cutOffAt(await post(3))
    await waitForIndex(databaseUrl, await post(10))
    if (primaryDoes === 'is killed') process.kill(-primary.part.pid, 'SIGKILL')
    await failOver()
    await post(5)
    await supervised.follow()
    expect(supervised.ends.length).toBeGreaterThan(0)
    const { chainId, rpcUrl, deploymentsDirectory } = chain
    const settings = { CHAIN_ID: String(chainId), RPC_URL: rpcUrl, DEPLOYMENTS_DIR: deploymentsDirectory }
    const { stdout, stderr } = await auditOnce({ ...settings, DATABASE_URL: databaseUrl }, chain.client)
    expect(stdout, stderr).toMatch(/^0 differences/)
    await supervised.stop()
    await expectRowsOfChain(databaseUrl)
  },
)

test('an indexer whose primary hangs, without closing a connection, exits with 75 once the address leads to a standby', {
  timeout: TIMEOUT_MS,
}, async () => {
  const { primaryUrl, databaseUrl, indexer, cutOffAt, failOver } = await startCluster()
  await cutOffAt(await post(2))
  await waitForIndex(databaseUrl, await post(2))
  const pids = await query<{ pid: number }>(primaryUrl, 'SELECT pid FROM pg_stat_activity')
  const stopped = [...pids.map(({ pid }) => pid), await postmasterOf(primaryUrl)]
  for (const pid of stopped) signalIfAlive(pid, 'SIGSTOP')
  onTestFinished(() => {
    for (const pid of stopped) signalIfAlive(pid, 'SIGCONT')
  })
  await failOver()
  await post(1)
  expect(await indexer.part.ended).toBe('exited with code 75')
  expect(indexer.part.output()).toMatch(/leads to another PostgreSQL|PostgreSQL has not answered/)
  await expectRowsOfChain(databaseUrl)
})

test('an indexer on a former primary, which still takes writes, exits with 75 once the address leads to another', {
  timeout: TIMEOUT_MS,
}, async () => {
  const { databaseUrl, indexer, cutOffAt, failOver } = await startCluster()
  await cutOffAt(await post(2))
  await failOver()
  expect(await indexer.part.ended).toBe('exited with code 75')
  await post(1)
  await expectRowsOfChain(databaseUrl)
})

test('an indexer whose database sends nothing exits with 75, and one whose database pauses for a moment continues', {
  timeout: TIMEOUT_MS,
}, async () => {
  const { address, databaseUrl, indexer } = await startCluster()
  address.setPaused(true)
  await indexer.part.saw(/PostgreSQL does not answer/, 30_000)
  address.setPaused(false)
  await waitForIndex(databaseUrl, await post(1), 60_000)
  address.setSilent(true)
  expect(await indexer.part.ended).toBe('exited with code 75')
  expect(indexer.part.output()).toMatch(/PostgreSQL has not answered|The lock of this build is lost/)
  address.setSilent(false)
  await expectRowsOfChain(databaseUrl)
})

test('an indexer whose PostgreSQL is restarted in an orderly way exits with 75, and a restart loses nothing', {
  timeout: TIMEOUT_MS,
}, async () => {
  const { primary, primaryUrl, address, databaseUrl, indexer } = await startCluster()
  await waitForIndex(databaseUrl, await post(2))
  const source = await dataDirectoryOf(primaryUrl)
  process.kill(await postmasterOf(primaryUrl), 'SIGINT')
  await primary.part.ended
  const restarted = await startPostgres({
    fill: async (directory) => {
      await execa('cp', ['-a', `${source}/.`, directory])
    },
  })
  onTestFinished(restarted.stop)
  address.moveTo(restarted.port)
  expect(await indexer.part.ended).toBe('exited with code 75')
  await post(2)
  await expectRowsOfChain(databaseUrl)
})

test.skipIf(!hasPgBouncer)(
  'behind PgBouncer in session mode, a failover ends the indexer too, and a restart has every row',
  {
    timeout: TIMEOUT_MS,
  },
  async () => {
    const { primary, databaseUrl, standbyUrl, indexer, cutOffAt, failOver } = await startCluster(async (url, parts) => {
      const pooler = await startPgBouncer(url, 'session')
      parts.defer(pooler.stop)
      return pooler.url
    })
    await cutOffAt(await post(2))
    await waitForIndex(databaseUrl, await post(3))
    process.kill(-primary.part.pid, 'SIGKILL')
    await primary.part.ended
    await failOver()
    await post(1)
    expect(await indexer.part.ended).toBe('exited with code 75')
    const again = await startIndexer({ ...chain, databaseUrl })
    onTestFinished(again.stop)
    await waitForIndex(databaseUrl, await post(1), 60_000)
    await again.stop()
    await expectRowsOfChain(standbyUrl)
  },
)

test.skipIf(!hasPgBouncer)('an indexer behind PgBouncer in transaction mode does not start', async () => {
  const pooler = await startPgBouncer(await freshDatabase(), 'transaction')
  onTestFinished(pooler.stop)
  const starting = startIndexer({ ...chain, databaseUrl: pooler.url })
  await expect(starting).rejects.toThrow(/exited with code 1.*pooler in transaction mode/s)
})

test('after a failover an API answers 503, never from a block before the one that it showed, until that is indexed again', {
  timeout: TIMEOUT_MS,
}, async () => {
  const { primary, databaseUrl, standbyUrl, indexer, cutOffAt, failOver } = await startCluster()
  const kept = await post(2)
  await cutOffAt(kept)
  // It creates schema `content`, which the standby lacks.
  const api = await startApi({ ...chain, databaseUrl })
  onTestFinished(api.stop)
  const lost = await post(3)
  let asked = 0
  /** Each request has its own query, so that no cache answers it. */
  async function read(minBlock: bigint) {
    const response = await fetch(`${api.url}/api/runs?limit=${(asked++ % 100) + 1}&minBlock=${minBlock}`)
    const body = (await response.json()) as { code?: string }
    return { status: response.status, code: body.code, block: Number(response.headers.get('X-Indexed-Block')) }
  }
  expect(await read(lost)).toMatchObject({ status: 200, block: Number(lost) })

  // No indexer writes the lost blocks again for now.
  process.kill(indexer.part.pid, 'SIGKILL')
  process.kill(-primary.part.pid, 'SIGKILL')
  await Promise.all([indexer.part.ended, primary.part.ended])
  await failOver()
  await expect
    .poll(async () => (await query(standbyUrl, 'SELECT pg_is_in_recovery() AS standby'))[0]?.standby)
    .toBe(false)
  for (const minBlock of [0n, kept, lost, 0n]) {
    expect(await read(minBlock)).toMatchObject({ status: 503, code: 'INDEX_BEHIND' })
  }
  const readiness = async () => (await fetch(`${api.url}/readyz`)).json()
  await expect
    .poll(readiness, { timeout: 20_000 })
    .toMatchObject({ status: 'unready', reasons: [{ code: 'INDEX_REWINDING' }] })

  await expectRowsOfChain(databaseUrl)
  await expect.poll(() => read(0n), { timeout: 20_000 }).toMatchObject({ status: 200 })
  expect((await read(0n)).block).toBeGreaterThanOrEqual(Number(lost))
})

async function dataDirectoryOf(url: string): Promise<string> {
  const [row] = await query<{ directory: string }>(url, `SELECT current_setting('data_directory') AS directory`)
  return row?.directory ?? ''
}

/** The process id of the server's first process. */
async function postmasterOf(url: string): Promise<number> {
  return Number.parseInt(await readFile(join(await dataDirectoryOf(url), 'postmaster.pid'), 'utf8'), 10)
}

function signalIfAlive(pid: number, signal: NodeJS.Signals) {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
