import { once } from 'node:events'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Hono } from 'hono'
import { afterEach, describe, expect, it } from 'vitest'
import { createHttpServer, listen } from '../../src/api/http/httpServer.ts'

const UNREAD_TIMEOUT_MS = 400

let server: Server | undefined

afterEach(() => server?.close().closeAllConnections())

/** More than the buffers of a connection take. */
const large = 'x'.repeat(20_000_000)

/** A server of a large answer, and of a stream that sends a byte four times within the timeout. */
async function start(maxConnections = 10, hasShares = false): Promise<number> {
  const app = new Hono()
  app.get('/large', (c) => c.text(large))
  app.get('/stream', () => {
    const ticks = new ReadableStream({
      async pull(controller) {
        await sleep(UNREAD_TIMEOUT_MS / 4)
        controller.enqueue(new TextEncoder().encode(':'))
      },
    })
    return new Response(ticks)
  })
  server = createHttpServer(app, { maxConnections, hasShares, unreadTimeoutMs: UNREAD_TIMEOUT_MS })
  return listen(server, { setting: 'PORT', port: 0, host: '127.0.0.1' })
}

async function openConnection(port: number, localAddress = '127.0.0.1') {
  const socket = connect({ port, host: '127.0.0.1', localAddress }).on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

const openConnections = () => new Promise<number>((resolve) => server?.getConnections((_, count) => resolve(count)))

describe('a connection', () => {
  it('whose client does not read its answer is closed after the timeout', async () => {
    const port = await start()
    const socket = await openConnection(port)
    socket.pause().write('GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await sleep(UNREAD_TIMEOUT_MS / 2)
    expect(await openConnections()).toBe(1)
    await expect.poll(openConnections, { timeout: 5_000 }).toBe(0)
    socket.destroy()
  })

  it('whose client reads slowly, but reads, gets all of a large answer', async () => {
    const port = await start()
    const socket = await openConnection(port)
    socket.write('GET /large HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    let received = 0
    for await (const bytes of socket) {
      received += bytes.length
      await sleep(2)
    }
    expect(received).toBeGreaterThan(large.length)
  })

  it('of a stream that sends little stays open for longer than the timeout', async () => {
    const port = await start()
    const socket = await openConnection(port)
    socket.resume().write('GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await sleep(3 * UNREAD_TIMEOUT_MS)
    expect(await openConnections()).toBe(1)
    socket.destroy()
  })

  it('beyond the bound is closed at once, and the others are served', async () => {
    const port = await start(2)
    const first = await openConnection(port)
    const second = await openConnection(port)
    const third = await openConnection(port)
    await once(third, 'close')
    expect(await openConnections()).toBe(2)
    second.destroy()
    first.write('GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n')
    const [answer] = await once(first, 'data')
    expect(String(answer)).toContain('200 OK')
    first.destroy()
  })

  it('of an address that has its share is closed at once, and those of other addresses are served', async () => {
    const port = await start(20, true)
    const attackers = await Promise.all(Array.from({ length: 5 }, () => openConnection(port, '127.0.0.2')))
    await expect.poll(openConnections).toBe(2)
    const other = await openConnection(port, '127.0.0.3')
    other.write('GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n')
    expect(String((await once(other, 'data'))[0])).toContain('200 OK')
    for (const socket of [...attackers, other]) socket.destroy()
    await expect.poll(openConnections).toBe(0)

    const again = await openConnection(port, '127.0.0.2')
    again.write('GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n')
    expect(String((await once(again, 'data'))[0])).toContain('200 OK')
    again.destroy()
  })
})

it('a request that names two hosts is refused, and its connection closed', async () => {
  const port = await start()
  const socket = await openConnection(port)
  socket.write('GET /large HTTP/1.1\r\nHost: localhost\r\nHost: bank.example\r\n\r\n')
  let answer = ''
  for await (const bytes of socket) answer += bytes
  expect(answer).toContain('HTTP/1.1 400')
  expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({
    code: 'VALIDATION_FAILED',
    field: 'host',
    detail: 'host: must be given once.',
  })
})
