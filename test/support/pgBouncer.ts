import { existsSync } from 'node:fs'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import getPort from 'get-port'
import { startProcess } from '../../tools/devnet/managedProcess.ts'
import { temporaryDirectory } from './temporaryDirectory.ts'

/** Where PgBouncer is: what the environment names, then where Debian installs it. */
const CANDIDATES = [process.env.PGBOUNCER, '/usr/sbin/pgbouncer', '/usr/bin/pgbouncer']

const executable = CANDIDATES.find((path) => path !== undefined && existsSync(path))

if (executable === undefined) console.warn('Tests with PgBouncer are skipped: install pgbouncer, or set PGBOUNCER.')

export const hasPgBouncer = executable !== undefined

/**
 * Starts PgBouncer before the server of a URL. Its settings are those of docs/operations.md, "Behind a pooler".
 * @param ignored the startup parameters that it drops. It refuses connections with others that it does not know.
 * @returns with the database's URL behind it.
 */
export async function startPgBouncer(
  databaseUrl: string,
  mode: 'session' | 'transaction',
  ignored = ['statement_timeout'],
) {
  if (executable === undefined) throw new Error('PgBouncer is not installed')
  await using parts = new AsyncDisposableStack()
  const url = new URL(databaseUrl)
  const directory = await temporaryDirectory()
  parts.defer(directory.remove)
  // As root it changes to another user, which reads its files.
  await chmod(directory.path, 0o755)
  const port = await getPort()
  const configuration = join(directory.path, 'pgbouncer.ini')
  const users = join(directory.path, 'users.txt')
  await writeFile(users, `"${url.username}" "${url.password}"\n`)
  await writeFile(
    configuration,
    `[databases]
* = host=${url.hostname} port=${url.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${users}
pool_mode = ${mode}
default_pool_size = 60
ignore_startup_parameters = ${ignored}
server_login_retry = 1
${process.getuid?.() === 0 ? 'user = postgres' : ''}
`,
  )
  const part = await startProcess({ name: 'PgBouncer', command: executable, args: [configuration] })
  parts.defer(part.stop)
  await part.saw(/process up/, 10_000)
  url.port = String(port)
  const kept = parts.move()
  return { url: url.href, stop: () => kept.disposeAsync() }
}
