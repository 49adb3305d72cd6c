import type pg from 'pg'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { openReadPool } from '../../src/api/index/pool.ts'
import { freshDatabase } from '../support/database.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcpProxy.ts'

let proxy: TcpProxy
let pool: pg.Pool

beforeAll(async () => {
  const databaseUrl = await freshDatabase()
  proxy = await startTcpProxy(Number(new URL(databaseUrl).port))
  const url = proxy.urlOf(databaseUrl)
  pool = openReadPool({ url, schema: 'public', connections: 1, logger: pino({ level: 'silent' }) })
})

afterAll(async () => {
  await pool.end()
  await proxy.stop()
})

const pid = async () => (await pool.query('SELECT pg_backend_pid() AS pid')).rows[0].pid as number

it('an idle connection is used again, however long it was idle', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const first = await pid()
    await vi.advanceTimersByTimeAsync(3_600_000)
    expect(await pid()).toBe(first)
  } finally {
    vi.useRealTimers()
  }
})

it('a read whose host falls silent fails after three seconds, and the next one opens another connection', async () => {
  const first = await pid()
  proxy.freeze()
  const begin = performance.now()
  await expect(pid()).rejects.toThrow('Query read timeout')
  expect(performance.now() - begin).toBeGreaterThan(2_900)
  expect(await pid()).not.toBe(first)
})
