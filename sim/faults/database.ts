import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { signal } from '../signal.ts'

/** How long PostgreSQL may take to recover from what else happens to it. Milliseconds. */
const RECOVERY = 20_000

/** Uses a connection of our own to a database that is about to lose its connections. */
async function connected(url: string, use: (client: pg.Client) => Promise<void>) {
  const client = await connectOnceRecovered(url)
  try {
    await use(client)
  } finally {
    await client.end()
  }
}

async function connectOnceRecovered(url: string): Promise<pg.Client> {
  for (const deadline = Date.now() + RECOVERY; ; await sleep(50)) {
    const client = new pg.Client({ connectionString: url })
    // That it breaks is what it is for.
    client.on('error', () => {})
    try {
      await client.connect()
      return client
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
 * Kills a server process of PostgreSQL, which must run on this machine. It then ends all its others, recovers from its
 * log and starts anew, as after a crash.
 */
export function crashDatabase(url: string): Promise<void> {
  return connected(url, async (client) => {
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    const [backend] = rows
    if (!backend) throw new Error('PostgreSQL did not tell its process')
    const ended = new Promise((resolve) => client.once('end', resolve))
    signal(backend.pid, 'SIGKILL')
    await ended
  })
}

/**
 * Holds all processes of the server for a while, as a disk does that does not answer. New connections are taken, and
 * wait for those held as soon as they need what they have locked.
 */
export function stallDatabase(url: string, milliseconds: number): Promise<void> {
  return connected(url, async (client) => {
    const { rows } = await client.query<{ pid: number }>('SELECT pid FROM pg_stat_activity')
    for (const { pid } of rows) signal(pid, 'SIGSTOP')
    await sleep(milliseconds)
    for (const { pid } of rows) signal(pid, 'SIGCONT')
  })
}
