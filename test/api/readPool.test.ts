import { once } from 'node:events'
import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { closeSilentConnections } from '../../src/api/database/readPool.ts'
import { shareConnections } from '../../src/api/database/sharedConnections.ts'
import { freshDatabase } from '../support/database.ts'

const silence = 300

let proxy: Awaited<ReturnType<typeof startProxy>>
let pool: pg.Pool

beforeAll(async () => {
  proxy = await startProxy(await freshDatabase())
  pool = new pg.Pool({ connectionString: proxy.url, max: 1, pipeline: true })
  closeSilentConnections(pool, silence)
  shareConnections(pool, { connections: 1, timeoutMs: 5_000 })
})

afterAll(async () => {
  await pool.end()
  proxy.close()
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
    proxy.cut()
    const begin = performance.now()
    await expect(pid()).rejects.toMatchObject({ code: 'ETIMEDOUT', message: 'PostgreSQL sent nothing for 300 ms' })
    const waited = performance.now() - begin
    expect(waited).toBeGreaterThan(silence - 50)
    expect(await pid()).not.toBe(first)
  })
})

/** A proxy to PostgreSQL that can stop passing data without closing any connection. */
async function startProxy(databaseUrl: string) {
  const { hostname, port } = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = dial(Number(port), hostname)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => sockets.delete(socket))
    }
    near.pipe(far).pipe(near)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = new URL(databaseUrl)
  url.hostname = '127.0.0.1'
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    cut() {
      for (const socket of sockets) socket.unpipe().pause()
    },
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
