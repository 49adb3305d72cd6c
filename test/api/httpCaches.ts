import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import getPort from 'get-port'
import { startReady } from '../../tools/devnet/managedProcess.ts'
import { temporaryDirectory } from '../support/temporaryDirectory.ts'

type Recipe = {
  /** Where Debian installs the program. */
  executable: string
  /** The configuration. */
  file: string
  /** Writes what the configuration needs beside it. @returns the arguments and the line with which the program is ready. */
  prepare(recipe: string, directory: string, port: number): Promise<{ args: string[]; ready: RegExp }>
}

const OPEN_TIMEOUT_MS = 10_000
const OPEN_INTERVAL_MS = 20

/** The API in each recipe. */
const API_PORT = '3000'

const nginx: Recipe = {
  executable: '/usr/sbin/nginx',
  file: 'deploy/caches/nginx.conf',
  async prepare(recipe, directory, port) {
    const site = replace(recipe, 'listen 80;', `listen 127.0.0.1:${port};`)
    await writeFile(join(directory, 'site.conf'), replace(site, '/var/cache/nginx/runline', join(directory, 'cache')))
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    const main = `
      ${process.getuid?.() === 0 ? 'user root;' : ''}
      daemon off;
      pid ${directory}/nginx.pid;
      error_log stderr notice;
      events { worker_connections 4096; }
      http {
        access_log off;
        ${temporary.map((name) => `${name}_temp_path ${directory}/${name};`).join('\n')}
        include ${directory}/site.conf;
      }`
    await writeFile(join(directory, 'main.conf'), main)
    return { args: ['-e', 'stderr', '-c', join(directory, 'main.conf')], ready: /start worker process / }
  },
}

/** Any cache that keeps to RFC 9111, such as a CDN. */
const squid: Recipe = {
  executable: '/usr/sbin/squid',
  file: 'test/api/squid.conf',
  async prepare(recipe, directory, port) {
    const site = replace(recipe, 'http_port 80 ', `http_port 127.0.0.1:${port} `)
    const alone = [
      'pid_filename none',
      'access_log none',
      'cache_log /dev/null',
      'netdb_filename none',
      'pinger_enable off',
      'shutdown_lifetime 0 seconds',
      `coredump_dir ${directory}`,
    ]
    await writeFile(join(directory, 'site.conf'), `${site}\n${alone.join('\n')}\n`)
    return { args: ['-N', '-d', '1', '-f', join(directory, 'site.conf')], ready: /Accepting reverse-proxy HTTP/ }
  },
}

/** The program whose configuration deploy/caches has, and Squid. */
export const httpCaches = { nginx, Squid: squid }

export type HttpCache = keyof typeof httpCaches

export function hasHttpCache(name: HttpCache): boolean {
  const has = existsSync(httpCaches[name].executable)
  if (!has) console.warn(`Tests with ${name} are skipped: install it.`)
  return has
}

/** Starts a cache before the API at a port, with its configuration but for ports and folders. */
export async function startHttpCache(name: HttpCache, apiPort: number) {
  await using parts = new AsyncDisposableStack()
  const { executable, file, prepare } = httpCaches[name]
  const directory = await temporaryDirectory()
  parts.defer(directory.remove)
  const port = await getPort()
  const recipe = replace(await readFile(file, 'utf8'), API_PORT, String(apiPort))
  const { args, ready } = await prepare(recipe, directory.path, port)
  const { part } = await startReady({ name, command: executable, args }, ready, 30_000)
  parts.defer(part.stop)
  await untilOpen(port)
  const kept = parts.move()
  return { url: `http://127.0.0.1:${port}`, stop: () => kept.disposeAsync() }
}

/** Waits until the port accepts connections: a program may say that it is ready some moments earlier. */
async function untilOpen(port: number) {
  const end = performance.now() + OPEN_TIMEOUT_MS
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      return
    } catch (error) {
      if (performance.now() > end) throw error
      await sleep(OPEN_INTERVAL_MS)
    } finally {
      socket.destroy()
    }
  }
}

/** @throws if the text does not have the part just once. */
function replace(text: string, part: string, by: string): string {
  const [before, after, ...more] = text.split(part)
  if (before === undefined || after === undefined || more.length > 0)
    throw new Error(`Expected '${part}' once in:\n${text}`)
  return before + by + after
}
