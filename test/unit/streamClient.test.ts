import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { streamChanges } from '../../packages/client/src/stream.ts'

/** A server whose streams have these events and end, the last of them again and again. */
async function startServer(...bodies: string[]) {
  const startedAt = performance.now()
  /** When each stream was opened, in seconds since the start, and from which id. */
  const opened: { at: number; lastEventId: string | null }[] = []
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://localhost')
    opened.push({ at: (performance.now() - startedAt) / 1_000, lastEventId: searchParams.get('lastEventId') })
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end(bodies[opened.length - 1] ?? bodies.at(-1))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, opened }
}

const ready = 'id: 7\nevent: ready\ndata: {"block":{"number":7,"hash":"0x"}}\n\n'
const close = 'event: close\ndata: {"reason":"INDEX_BEHIND"}\n\n'

it('a client that gets only `close` waits longer before each connection, and asks for the same', async () => {
  const { url, opened } = await startServer(`${ready}${close}`, close)
  const stop = new AbortController()
  const types: string[] = []
  const reading = (async () => {
    for await (const { type } of streamChanges({ url, fetch }, {}, { signal: stop.signal })) types.push(type)
  })()
  await expect.poll(() => opened.length, { timeout: 12_000 }).toBe(4)
  stop.abort()
  await reading
  expect(types).toEqual(['ready'])
  expect(opened.map(({ lastEventId }) => lastEventId)).toEqual([null, '7', '7', '7'])
  const [first = 0, second = 0, third = 0, fourth = 0] = opened.map(({ at }) => at)
  // One second, two and four.
  expect(second - first).toBeLessThan(2)
  expect(third - second).toBeGreaterThan(1.9)
  expect(fourth - third).toBeGreaterThan(3.8)
}, 15_000)
