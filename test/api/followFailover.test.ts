import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { followFailover } from '../../core/database/followFailover.ts'
import { type Postgres, startPostgres } from '../../tools/devnet/postgres.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcpProxy.ts'

const checkIntervalMs = 50
const parts = new AsyncDisposableStack()

let former: Postgres
let next: Postgres
let proxy: TcpProxy
let pool: pg.Pool

beforeAll(async () => {
  former = await startPostgres()
  parts.defer(former.stop)
  next = await startPostgres()
  parts.defer(next.stop)
  proxy = await startTcpProxy(former.port)
  parts.defer(proxy.stop)
  const url = proxy.urlOf(former.url)
  pool = new pg.Pool({ connectionString: url, max: 4, idleTimeoutMillis: 0 })
  parts.defer(() => pool.end())
  followFailover(pool, { url, logger: pino({ level: 'silent' }), checkIntervalMs })
})

afterAll(() => parts.disposeAsync())

/** Which server each connection of the pool reaches. */
async function portsReached(): Promise<number[]> {
  const answers = Array.from({ length: 4 }, () => pool.query('SELECT inet_server_port() AS port, pg_sleep(0.1)'))
  return (await Promise.all(answers)).map(({ rows }) => rows[0].port)
}

const of = (server: Postgres) => Array(4).fill(server.port)

describe('the connections of a pool', () => {
  it('stay while the address leads to the same server', async () => {
    await portsReached()
    const opened = vi.fn()
    pool.on('connect', opened)
    await sleep(6 * checkIntervalMs)
    expect(await portsReached()).toEqual(of(former))
    expect(opened).not.toHaveBeenCalled()
  })

  it('move to another server once the address leads there, after the queries that run', async () => {
    const long = pool.query('SELECT inet_server_port() AS port, pg_sleep(1)')
    proxy.moveTo(next.port)
    await sleep(6 * checkIntervalMs)
    expect(await portsReached()).toEqual(expect.arrayContaining([next.port]))
    expect((await long).rows[0].port).toBe(former.port)
    expect(await portsReached()).toEqual(of(next))
  })

  it('stay where a load balancer leads each new connection to another server', async () => {
    proxy.moveTo(former.port)
    await sleep(6 * checkIntervalMs)
    expect(await portsReached()).toEqual(of(next))
  })
})
