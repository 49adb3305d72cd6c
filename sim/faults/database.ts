import pg from 'pg'

/** A connection of ours to a database that is about to lose its connections. */
async function connected(url: string, use: (client: pg.Client) => Promise<void>) {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    await use(client)
  } finally {
    await client.end()
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
    process.kill(backend.pid, 'SIGKILL')
    await ended
  })
}
