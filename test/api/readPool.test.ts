import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { closeSilentConnections } from '../../src/api/index/pool.ts'
import { freshDatabase } from '../support/database.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcpProxy.ts'

const silence = 300

let proxy: TcpProxy
let pool: pg.Pool

beforeAll(async () => {
  const databaseUrl = await freshDatabase()
  proxy = await startTcpProxy(Number(new URL(databaseUrl).port))
  pool = new pg.Pool({ connectionString: proxy.urlOf(databaseUrl), max: 1 })
  // An idle connection that breaks would end the process.
  pool.on('error', () => undefined)
  closeSilentConnections(pool, silence)
})

afterAll(async () => {
  await pool.end()
  await proxy.stop()
})

const pid = async () => (await pool.query('SELECT pg_backend_pid() AS pid')).rows[0].pid as number

describe('a connection', () => {
  it('is kept while it is idle', async () => {
    const first = await pid()
    await sleep(2 * silence)
    expect(await pid()).toBe(first)
  })

  it('is kept during a long query while messages arrive', async () => {
    const first = await pid()
    // One notice per step.
    await pool.query(
      `DO $$ BEGIN FOR step IN 1..6 LOOP PERFORM pg_sleep(0.1); RAISE WARNING '%', step; END LOOP; END $$`,
    )
    expect(await pid()).toBe(first)
  })

  it('is closed when it falls silent, also after an idle time, and the next query opens another', async () => {
    const first = await pid()
    await sleep(2 * silence)
    proxy.freeze()
    const begin = performance.now()
    await expect(pid()).rejects.toMatchObject({ code: 'ETIMEDOUT', message: 'PostgreSQL sent nothing for 300 ms' })
    const waited = performance.now() - begin
    expect(waited).toBeGreaterThan(silence - 50)
    expect(await pid()).not.toBe(first)
  })
})
