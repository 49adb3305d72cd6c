import { expect, it, onTestFinished, vi } from 'vitest'
import { streamChanges } from '../../packages/client/src/stream.ts'

const ready = 'id: 7\nevent: ready\ndata: {"block":{"number":7,"hash":"0x"}}\n\n'
const close = 'event: close\ndata: {"reason":"INDEX_BEHIND"}\n\n'

it('a client that gets only `close` waits longer before each connection, and asks for the same', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
  /** When each stream was opened, in seconds, and from which id. */
  const opened: { at: number; lastEventId: string | null }[] = []
  /** Streams that end after these events. */
  const answer = async (url: URL) => {
    opened.push({ at: performance.now() / 1_000, lastEventId: url.searchParams.get('lastEventId') })
    return new Response(opened.length === 1 ? `${ready}${close}` : close)
  }
  const stop = new AbortController()
  const types: string[] = []
  const reading = (async () => {
    const options = { url: 'http://localhost', fetch: answer as typeof fetch }
    for await (const { type } of streamChanges(options, {}, { signal: stop.signal })) types.push(type)
  })()
  for (let seconds = 0; seconds < 10; seconds++) {
    await vi.advanceTimersByTimeAsync(1_000)
    // The body of an answer is read by turns of the event loop, which the clock does not have.
    await new Promise(setImmediate)
  }
  stop.abort()
  await reading
  expect(types).toEqual(['ready'])
  expect(opened.map(({ lastEventId }) => lastEventId)).toEqual([null, '7', '7', '7'])
  // After one second, two and four.
  expect(opened.map(({ at }) => Math.round(at))).toEqual([0, 1, 3, 7])
})
