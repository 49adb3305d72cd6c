import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { writeDeployment } from '../../ops/writeDeployment.ts'
import { type Api, type ApiOptions, startApi } from '../../tools/devnet/api.ts'
import { startProcess } from '../../tools/devnet/managedProcess.ts'
import { placeholderDeployment } from '../support/placeholderDeployment.ts'
import { seedTime } from '../support/rows.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporaryDirectory.ts'
import { chainId, emptyIndex, type IndexedDatabase, viewsSchema } from './indexedDatabase.ts'

let index: IndexedDatabase
let deployments: TemporaryDirectory
let deploymentsDirectory: string
let api: Api | undefined
let head = 10n

const block = (number: bigint) => ({ number, timestamp: seedTime })

/** The index never goes back: an API that starts waits for the highest block that it had. */
const indexNext = () => index.moveTo(block(++head))

beforeAll(async () => {
  deployments = await temporaryDirectory()
  deploymentsDirectory = deployments.path
  writeDeployment(placeholderDeployment(chainId), deploymentsDirectory)
  index = await emptyIndex()
  await index.moveTo(block(head))
})

afterEach(async () => {
  await api?.stop()
  api = undefined
})

afterAll(async () => {
  await index.close()
  await deployments.remove()
})

/** Runs `node src/api/start.ts` without a relayer's key, so that it needs no chain. */
async function start(options: Partial<ApiOptions> = {}): Promise<Api> {
  api = await startApi({
    databaseUrl: index.url,
    schema: viewsSchema,
    chainId,
    rpcUrl: 'http://127.0.0.1:1',
    deploymentsDirectory,
    ...options,
  })
  return api
}

/** Opens a connection. @returns the error with which it fails, if it does. */
function knock(port: number) {
  const socket = connect(port, '127.0.0.1')
  return new Promise<string | undefined>((resolve) => {
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code))
    socket.once('connect', () => resolve(undefined))
  }).finally(() => socket.destroy())
}

/** Opens a connection and sends bytes. @returns a function that returns the bytes received so far. */
async function send(port: number, bytes: string) {
  const socket = connect(port, '127.0.0.1')
  let received = ''
  socket.setEncoding('utf8').on('data', (text) => {
    received += text
  })
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await once(socket, 'connect')
  socket.write(bytes)
  return { socket, closed, received: () => received }
}

describe('health', () => {
  it('is 200 while the index is consistent, and 503, logged once, while it rewinds', async () => {
    const { url, opsUrl, part } = await start()
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    const ready = await fetch(`${url}/readyz`)
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { status: 'ready', indexedBlock: 10, behindSeconds: 0, reasons: [] },
    ])
    await index.setHead(block(9n))
    await expect.poll(async () => (await fetch(`${url}/readyz`)).status, { timeout: 10_000 }).toBe(503)
    for (let probe = 0; probe < 3; probe++) {
      const rewinding = await fetch(`${url}/readyz`)
      const reason = { code: 'INDEX_REWINDING', detail: expect.stringContaining('replaying block 9'), affects: 'reads' }
      const expected = { status: 'unready', indexedBlock: null, behindSeconds: 0, reasons: [reason] }
      expect([rewinding.status, await rewinding.json()]).toEqual([503, expected])
    }
    const lines = () =>
      part
        .output()
        .split('\n')
        .filter((line) => line.includes('INDEX_REWINDING'))
    // The answer may come before the line.
    await expect.poll(lines).toHaveLength(1)
    expect(lines().map((line) => JSON.parse(line))).toMatchObject([{ level: 40, msg: 'unready' }])
    expect(lines().join()).not.toContain('stack')
    expect(await (await fetch(`${opsUrl}/metrics`)).text()).toContain('index_whole 0')
    await index.moveTo(block(10n))
  })

  it('is 503 once the node has not answered for MAX_LAG_SECONDS, also if it never has', async () => {
    const { url } = await start({ env: { MAX_LAG_SECONDS: '1' } })
    const ready = async () => {
      const answer = await fetch(`${url}/readyz`)
      const { reasons } = (await answer.json()) as { reasons: { code: string }[] }
      return [answer.status, ...reasons.map(({ code }) => code)]
    }
    await expect.poll(ready).toEqual([503, 'INDEX_LAGGING'])
  })

  it('does not depend on the database', async () => {
    const { url, opsUrl } = await start({ databaseUrl: 'postgres://postgres@127.0.0.1:1/none' })
    const paths = [`${url}/healthz`, `${url}/readyz`, `${url}/api/runs`, `${opsUrl}/metrics`, `${opsUrl}/status`]
    const statuses = paths.map(async (path) => (await fetch(path)).status)
    expect(await Promise.all(statuses)).toEqual([200, 503, 503, 200, 200])
    const reason = { code: 'DATABASE_UNREACHABLE', affects: 'reads' }
    expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({ status: 'unready', reasons: [reason] })
  })

  it('is measured by route, not by path', async () => {
    const { url, opsUrl } = await start()
    for (const path of ['/api/runs/1', '/api/runs/2', '/api/runs?page=0', '/nowhere']) await fetch(url + path)
    // Most of these requests are answered from the cache, before the routes run.
    const { headers } = await fetch(`${url}/api/runs`)
    for (let request = 0; request < 9; request++) await fetch(`${url}/api/runs`)
    const known = { 'If-None-Match': headers.get('ETag') ?? '' }
    for (let request = 0; request < 10; request++) await fetch(`${url}/api/runs`, { headers: known })
    const metrics = await (await fetch(`${opsUrl}/metrics`)).text()
    const count = (labels: string) =>
      new RegExp(`http_request_duration_seconds_count{${labels}} (\\d+)`).exec(metrics)?.[1]
    expect(count('method="GET",route="/api/runs/:id",status="404"')).toBe('2')
    expect(count('method="GET",route="/api/runs",status="400"')).toBe('1')
    expect(count('method="GET",route="/api/runs",status="200"')).toBe('10')
    expect(count('method="GET",route="/api/runs",status="304"')).toBe('10')
    expect(count('method="GET",route="/\\*",status="404"')).toBe('1')
    expect(metrics).toContain('http_problems_total{method="GET",route="/api/runs/:id",code="RUN_NOT_FOUND"} 2')
    expect(metrics).toContain('http_problems_total{method="GET",route="/api/runs",code="VALIDATION_FAILED"} 1')
    const fromCache = /^http_cached_answers_total\{route="\/api\/runs"\} (\d+)$/m.exec(metrics)?.[1]
    expect(Number(fromCache)).toBeGreaterThan(9)
    expect(metrics).toContain('index_head_block 10')
    expect(metrics).toContain('index_whole 1')
    expect(metrics).toMatch(/read_pool_connections{state="idle"} \d/)
  })
})

describe('on SIGTERM', () => {
  it('lets requests in flight finish, cuts idle connections, refuses new ones, and exits with 0', async () => {
    const { part, port, url } = await start()
    const idle = await send(port, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await expect.poll(idle.received).toContain('200 OK')
    const inFlight = fetch(`${url}/api/runs?minBlock=${head + 1n}`)
    const keptAlive = await send(port, `GET /api/runs?minBlock=${head + 1n} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    await sleep(200)

    process.kill(part.pid, 'SIGTERM')
    await idle.closed
    // Node closes idle connections just before it stops listening.
    await expect.poll(() => knock(port)).toBe('ECONNREFUSED')
    await indexNext()

    const response = await inFlight
    expect([response.status, response.headers.get('X-Indexed-Block')]).toEqual([200, String(head)])
    expect(await response.json()).toMatchObject({ runs: [] })
    await keptAlive.closed
    expect(keptAlive.received()).toContain('"runs":[]')
    expect(await part.ended).toBe('exited with code 0')
    expect(part.output()).toContain('"msg":"Stopped"')
  })

  it.each<[string, NodeJS.Signals]>([
    ['twice', 'SIGTERM'],
    ['as SIGINT by Ctrl-C', 'SIGINT'],
  ])('sent %s, it still lets requests in flight finish', async (_, signal) => {
    const { part, url } = await start()
    const inFlight = fetch(`${url}/api/runs?minBlock=${head + 1n}`)
    await sleep(200)
    process.kill(part.pid, signal)
    await part.saw(/"msg":"Stopping"/, 10_000)
    process.kill(part.pid, signal)
    await indexNext()
    expect((await inFlight).status).toBe(200)
    expect(await part.ended).toBe('exited with code 0')
  })

  it('sent to the whole process group, it still lets requests in flight finish', async () => {
    const npm = await startProcess({
      name: 'npm run start:api',
      command: 'npm',
      args: ['run', 'start:api'],
      env: {
        DATABASE_URL: index.url,
        DATABASE_SCHEMA: viewsSchema,
        CHAIN_ID: String(chainId),
        DEPLOYMENTS_DIR: deploymentsDirectory,
        RPC_URL: 'http://127.0.0.1:1',
        PORT: '0',
        OPS_PORT: '0',
      },
    })
    const [, port] = await npm.saw(/"port":(\d+).*"msg":"API listens"/, 20_000)
    const inFlight = fetch(`http://127.0.0.1:${port}/api/runs?minBlock=${head + 1n}`)
    await sleep(200)
    // To the whole process group, as a terminal does.
    process.kill(-npm.pid, 'SIGINT')
    await npm.saw(/"msg":"Stopping"/, 10_000)
    await indexNext()
    expect((await inFlight).status).toBe(200)
    await npm.ended
    expect(npm.output()).toContain('"msg":"Stopped"')
    await npm.stop()
  })

  it('exits at once on a second SIGTERM after a second', async () => {
    const { part, url } = await start()
    const inFlight = fetch(`${url}/api/runs?minBlock=${head + 1n}`).catch((error: Error) => error.name)
    await sleep(200)
    process.kill(part.pid, 'SIGTERM')
    await part.saw(/"msg":"Stopping"/, 10_000)
    await sleep(1_100)
    const signalled = performance.now()
    process.kill(part.pid, 'SIGTERM')
    expect(await part.ended).toBe('exited with code 1')
    expect(performance.now() - signalled).toBeLessThan(1_000)
    expect(await inFlight).toBe('TypeError')
  })
})

describe('a start', () => {
  it.each<[string, (taken: Api) => Partial<ApiOptions> & { expected: string }]>([
    ['the port', ({ port }) => ({ port, expected: `PORT ${port}` })],
    [
      'the operator’s port',
      ({ opsUrl }) => ({ opsPort: Number(new URL(opsUrl).port), expected: `OPS_PORT ${new URL(opsUrl).host}` }),
    ],
  ])('fails with the name of %s if it is in use', async (_, taken) => {
    const { expected, ...options } = taken(await start())
    const second = startApi({
      databaseUrl: index.url,
      chainId,
      rpcUrl: 'http://127.0.0.1:1',
      deploymentsDirectory,
      ...options,
    })
    await expect(second).rejects.toThrow(`${expected} is taken by another process`)
    await expect(second).rejects.toThrow('exited with code 1')
  })

  it('fails with the name of a host that is not an address of this machine', async () => {
    await expect(start({ env: { OPS_HOST: '192.0.2.1' } })).rejects.toThrow('Cannot listen on OPS_PORT 192.0.2.1:0')
  })

  it('fails with the names of all invalid variables', async () => {
    const env = { DATABASE_URL: '', DATABASE_SCHEMA: 'Robert"; DROP', CHAIN_ID: '0', LOG_LEVEL: 'loud' }
    const failed = start({ env })
    for (const name of Object.keys(env)) await expect(failed).rejects.toThrow(`${name}: `)
    // The stack says nothing that the operator can use.
    await expect(failed).rejects.not.toThrow('node_modules')
    await expect(failed).rejects.not.toThrow('env.ts')
    await expect(failed).rejects.toThrow('exited with code 1')
  })

  it('with RELAY=off only reads, also with a relayer’s key', async () => {
    const relayerKey = `0x${'1'.repeat(64)}` as const
    const { url } = await start({ relayerKey, env: { RELAY: 'off' } })
    expect((await fetch(`${url}/api/runs`)).status).toBe(200)
    const body = JSON.stringify({ agentId: 1, walletAddress: `0x${'2'.repeat(40)}` })
    const headers = { 'Content-Type': 'application/json' }
    const claim = await fetch(`${url}/api/runs/1/claim`, { method: 'POST', headers, body })
    expect([claim.status, await claim.json()]).toMatchObject([503, { code: 'RELAY_UNAVAILABLE' }])
    const { rows } = await index.pool.query("SELECT FROM pg_namespace WHERE nspname = 'relay'")
    expect(rows).toEqual([])
    await expect(start({ env: { RELAY: 'no' } })).rejects.toThrow('RELAY: must be on or off')
  })

  it('fails with the path of the missing deployment', async () => {
    await expect(start({ chainId: 4 })).rejects.toThrow(`${deploymentsDirectory}/4.json cannot be read`)
  })
})

describe('a connection', () => {
  let shared: Api

  beforeAll(async () => {
    shared = await start()
    api = undefined
  })

  afterAll(() => shared.stop())

  it.each([
    ['an invalid host', 'GET /api/runs HTTP/1.1\r\nHost: a b\r\n\r\n', '400 Bad Request'],
    ['no host', 'GET /api/runs HTTP/1.0\r\n\r\n', '400 Bad Request'],
    ['an invalid target', 'GET http://[/api/runs HTTP/1.1\r\nHost: localhost\r\n\r\n', '400 Bad Request'],
    ['bytes that are not HTTP', '\x16\x03\x01\x02\x00\r\n\r\n', '400 Bad Request'],
    ['a header of 20 kB', `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, '431 '],
    ['an unknown method', 'BREW /api/runs HTTP/1.1\r\nHost: localhost\r\n\r\n', '400 Bad Request'],
    ['a NUL in the path', 'GET /api/runs/\0 HTTP/1.1\r\nHost: localhost\r\n\r\n', '400 Bad Request'],
  ])('with %s is refused', async (_, bytes, expected) => {
    const { socket, received } = await send(shared.port, bytes)
    await expect.poll(received).toContain(expected)
    await expect.poll(received).toMatch(/Content-Type: application\/problem\+json[\s\S]*"detail":"[^"]+"/i)
    socket.destroy()
  })

  it('that sends a body above the limit gets its answer, and is closed', async () => {
    for (const body of ['x'.repeat(3_000_000), chunks(3_000_000), 'x'.repeat(20_000_000), chunks(20_000_000)]) {
      const response = await fetch(`${shared.url}/api/runs/1/claim`, {
        method: 'POST',
        body,
        duplex: 'half',
        headers: { 'Content-Type': 'application/json' },
      })
      expect([response.status, await response.json()]).toMatchObject([413, { code: 'PAYLOAD_TOO_LARGE' }])
      expect(response.headers.get('Connection')).toBe('close')
    }
  })

  it('that stops in the middle of such a body gets its answer, and is closed', async () => {
    const head = 'POST /api/runs/1/claim HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
    for (const length of ['Content-Length: 99999', 'Transfer-Encoding: chunked']) {
      const part = length.startsWith('T') ? `9000\r\n${'x'.repeat(0x9000)}\r\n` : 'x'
      const { closed, received } = await send(shared.port, `${head}${length}\r\n\r\n${part}`)
      await closed
      expect(received()).toContain('413 Payload Too Large')
      expect(received().toLowerCase()).toContain('connection: close')
      expect(received()).toContain('"code":"PAYLOAD_TOO_LARGE"')
    }
  })

  it('that sends its headers too slowly is closed', async () => {
    const { closed, received } = await send(shared.port, 'GET /api/runs HTTP/1.1\r\nHost: loc')
    await closed
    expect(received()).toContain('408 Request Timeout')
    expect(received()).toContain('"code":"REQUEST_TIMEOUT"')
  })
})

/** A body of unknown length. */
function chunks(length: number) {
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(new Uint8Array(Math.min(length, 65_536)))
      length -= 65_536
      if (length <= 0) controller.close()
    },
  })
}
