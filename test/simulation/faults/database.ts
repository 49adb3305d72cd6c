import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { signal } from '../../support/signal.ts'

/** How long PostgreSQL may take to recover from an earlier fault. */
const RECOVERY_MILLISECONDS = 20_000

/** PostgreSQL's errors for a connection that another process ended, and for one that ends because another process crashed. */
const ENDED = ['57P01', '57P02']

/**
 * Runs `use` on a connection of its own to a database that is about to lose its connections; again, if another fault at
 * the same time ends this one.
 */
async function connected(url: string, use: (client: pg.Client) => Promise<void>): Promise<void> {
  const { client, isLost } = await connectOnceRecovered(url)
  try {
    await use(client)
  } catch (error) {
    const isEnded = error instanceof pg.DatabaseError && ENDED.includes(error.code ?? '')
    if (!isEnded && !isLost()) throw error
    await connected(url, use)
  } finally {
    await client.end()
  }
}

async function connectOnceRecovered(url: string): Promise<{ client: pg.Client; isLost: () => boolean }> {
  for (const deadline = Date.now() + RECOVERY_MILLISECONDS; ; await sleep(50)) {
    const client = new pg.Client({ connectionString: url })
    let isLost = false
    // The fault breaks this connection too: without a listener, the error would end the process.
    client.on('error', () => {
      isLost = true
    })
    try {
      await client.connect()
      return { client, isLost: () => isLost }
    } catch (error) {
      if (Date.now() > deadline) throw error
    }
  }
}

/** Ends every connection to the database, as a restart of a pooler or a network does. */
export function dropConnections(url: string): Promise<void> {
  return connected(url, async (client) => {
    await client.query(`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()`)
  })
}

/**
 * Kills a server process of PostgreSQL, which must run on this machine. PostgreSQL then ends its other processes,
 * recovers from its write-ahead log and accepts connections again, as after a crash.
 */
export function crashDatabase(url: string): Promise<void> {
  return connected(url, async (client) => {
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    const [backend] = rows
    if (!backend) throw new Error('PostgreSQL returned no process id')
    const ended = new Promise((resolve) => client.once('end', resolve))
    signal(backend.pid, 'SIGKILL')
    await ended
  })
}

/**
 * Stops all processes of the server for a while, as a disk that does not answer would. New connections are accepted,
 * and wait as soon as they need a lock of a stopped process.
 */
export function stallDatabase(url: string, milliseconds: number): Promise<void> {
  return connected(url, async (client) => {
    const { rows } = await client.query<{ pid: number }>('SELECT pid FROM pg_stat_activity')
    for (const { pid } of rows) signal(pid, 'SIGSTOP')
    await sleep(milliseconds)
    for (const { pid } of rows) signal(pid, 'SIGCONT')
  })
}
