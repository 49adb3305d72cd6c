// A firewall or a proxy forgets the indexer's connections to PostgreSQL, and drops what either end sends.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isUnlocked } from '../../../ops/builds/buildLock.ts'
import { listBuilds } from '../../../ops/builds/builds.ts'
import { connect } from '../../../ops/database/connect.ts'
import { startIndexer } from '../../../tools/devnet/indexer.ts'
import { freshDatabase } from '../../support/database.ts'
import { type MarketOnAnvil, startMarketOnAnvil } from '../../support/marketOnAnvil.ts'
import { startTcpProxy } from '../../support/tcpProxy.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'
import { startIndexOf } from './indexOf.ts'
import { poster, postRun } from './postRun.ts'

/** An indexer that waits for an answer ends after some 22 seconds. The stall watch would end it after 60. */
const NOTICE_LIMIT_MS = 30_000

/** PostgreSQL ends the session of the lock 20 seconds after the last ping. */
const LOCK_LIMIT_MS = 25_000

let chain: MarketOnAnvil

beforeAll(async () => {
  chain = await startMarketOnAnvil()
  await chain.fund(poster)
})

afterAll(() => chain?.stop())

/** An indexer whose connections go through a proxy. */
async function startBehindProxy(parts: AsyncDisposableStack) {
  const databaseUrl = await freshDatabase()
  const proxy = await startTcpProxy(Number(new URL(databaseUrl).port))
  parts.defer(proxy.stop)
  const start = async () => {
    const indexer = await startIndexer({ ...chain, databaseUrl: proxy.urlOf(databaseUrl) })
    parts.defer(indexer.stop)
    return indexer
  }
  const indexer = await start()
  await postRun(chain)
  await indexer.part.saw(/Readers see this build/, 60_000)
  await waitForIndex(databaseUrl, await chain.client.getBlockNumber({ cacheTime: 0 }))
  return { databaseUrl, proxy, indexer, start }
}

test('an indexer whose connections freeze exits with 75 within seconds, and its restart finds no lock and counts nothing twice', {
  timeout: 180_000,
}, async () => {
  await using parts = new AsyncDisposableStack()
  const { databaseUrl, proxy, indexer, start } = await startBehindProxy(parts)
  const frozenAt = performance.now()
  expect(proxy.freeze()).toBeGreaterThan(3)
  await postRun(chain)
  expect(await indexer.part.ended).toBe('exited with code 75')
  const noticedMs = performance.now() - frozenAt
  expect(indexer.part.output()).toMatch(/PostgreSQL has not answered|The lock of this build is lost/)
  expect(noticedMs).toBeLessThan(NOTICE_LIMIT_MS)
  const restarted = await start()
  await waitForIndex(databaseUrl, await chain.client.getBlockNumber({ cacheTime: 0 }), 60_000)
  const followedMs = performance.now() - frozenAt
  console.log(`noticed after ${Math.round(noticedMs)} ms, followed the chain after ${Math.round(followedMs)} ms`)
  await restarted.stop()
  const resumed = await startIndexOf(chain, databaseUrl)
  parts.defer(resumed.stop)
  const undisturbed = await startIndexOf(chain, await freshDatabase())
  parts.defer(undisturbed.stop)
  expect(await resumed.tables()).toEqual(await undisturbed.tables())
})

test('PostgreSQL releases the lock of a host that is lost, also behind a proxy that keeps its connections', {
  timeout: 120_000,
}, async () => {
  await using parts = new AsyncDisposableStack()
  const { databaseUrl, proxy, indexer } = await startBehindProxy(parts)
  const client = parts.use(await connect(databaseUrl))
  const [build = ''] = await listBuilds(client)
  expect(await isUnlocked(client, build)).toBe(false)
  proxy.freeze()
  const lostAt = performance.now()
  process.kill(indexer.part.pid, 'SIGKILL')
  await expect.poll(() => isUnlocked(client, build), { timeout: LOCK_LIMIT_MS, interval: 200 }).toBe(true)
  console.log(`the lock was released after ${Math.round(performance.now() - lostAt)} ms`)
})

/** Centiseconds to the next question of TCP for a sign of life, by Linux; undefined for a socket that asks none. */
function keepAliveTimer(localPort: number, remotePort: number): number | undefined {
  const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, '0')
  const sockets = readFileSync('/proc/net/tcp', 'utf8').split('\n')
  const row = sockets.find((line) => line.includes(`:${hex(localPort)} 0100007F:${hex(remotePort)} 01 `))
  const [, kind, expires] = /^\s*\d+: \S+ \S+ \S+ \S+ (\d\d):([0-9A-F]+)/.exec(row ?? '') ?? []
  return kind === '02' && expires ? Number.parseInt(expires, 16) : undefined
}

test.skipIf(process.platform !== 'linux')(
  'both ends of each connection of Ponder ask for a sign of life within ten seconds',
  {
    timeout: 120_000,
  },
  async () => {
    await using parts = new AsyncDisposableStack()
    const databaseUrl = await freshDatabase()
    const indexer = await startIndexer({ ...chain, databaseUrl })
    parts.defer(indexer.stop)
    await indexer.part.saw(/Readers see this build/, 60_000)
    const client = parts.use(await connect(databaseUrl))
    const server = Number(new URL(databaseUrl).port)
    const isSoon = (centiseconds: number | undefined) => centiseconds !== undefined && centiseconds <= 1_010
    const listSockets = async () => {
      const { rows } = await client.query<{ name: string; port: number }>(
        `SELECT application_name AS name, client_port AS port FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name ~ '^(runline_[0-9a-f]{10}_|ponder_sync)'`,
      )
      expect(rows.length).toBeGreaterThan(2)
      return rows.map(({ name, port }) => {
        return { name, ofServer: keepAliveTimer(server, port), ofIndexer: keepAliveTimer(port, server) }
      })
    }
    // A socket whose data is not acknowledged yet has another timer for that moment.
    const listOthers = async () => {
      const sockets = await listSockets()
      return sockets.filter(({ ofServer, ofIndexer }) => !isSoon(ofServer) || !isSoon(ofIndexer))
    }
    await expect.poll(listOthers, { interval: 20 }).toEqual([])
  },
)
