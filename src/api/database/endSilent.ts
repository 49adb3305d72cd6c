import { Socket } from 'node:net'
import type pg from 'pg'

/**
 * Ends a connection of the pool on which a question is not answered for so long: where PostgreSQL cannot be heard any
 * more, its own time limits do not help. The question fails with ETIMEDOUT. For a pool of which nothing but `query` is
 * used: whoever keeps a connection without asking is silent too.
 *
 * node-postgres has `query_timeout`, a timer for each question. What the question read stays with its timer until both
 * are collected late: the collector's pauses were four times as long. Here a connection has one timer, and every sign of
 * life sets it back.
 * @param silence Milliseconds.
 */
export function endSilent(pool: pg.Pool, silence: number) {
  const asking = new Set<pg.PoolClient>()
  pool.on('acquire', (client) => asking.add(client))
  pool.on('release', (_, client) => asking.delete(client))
  pool.on('connect', (client) => {
    const { stream } = (client as pg.PoolClient & { connection: pg.Connection }).connection
    if (!(stream instanceof Socket)) throw new Error('A connection to PostgreSQL is no socket')
    stream.setTimeout(silence)
    stream.on('timeout', () => {
      if (asking.has(client)) stream.destroy(timeout(silence))
    })
  })
}

const timeout = (silence: number) =>
  Object.assign(new Error(`PostgreSQL has said nothing for ${silence} ms`), { code: 'ETIMEDOUT' })
