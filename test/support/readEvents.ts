import { createParser } from 'eventsource-parser'
import { vi } from 'vitest'

/** A server-sent event with its data parsed. */
export type ServerEvent = {
  event: string
  id: string | undefined
  // biome-ignore lint/suspicious/noExplicitAny: the tests' assertions check it
  data: any
}

/** Reads the events of a response until it is stopped. */
export function readEvents(body: ReadableStream<Uint8Array>) {
  const events: ServerEvent[] = []
  const comments: string[] = []
  let taken = 0
  let lastId: string | undefined
  let end: string | undefined
  const parser = createParser({
    onEvent: ({ event = 'message', id, data }) => events.push({ event, id, data: JSON.parse(data) }),
    onComment: (comment) => comments.push(comment),
    onId(id) {
      lastId = id
    },
  })
  const stopping = new AbortController()
  const decoder = new TextDecoder()
  const sink = new WritableStream<Uint8Array>({
    write: (chunk) => parser.feed(decoder.decode(chunk, { stream: true })),
  })
  const ended = body.pipeTo(sink, { signal: stopping.signal }).then(
    () => {
      end = 'ended'
    },
    () => {
      end = 'broken'
    },
  )
  return {
    events,
    comments,
    lastId: () => lastId,
    end: () => end,
    /** Waits until there are so many more events, and returns them. */
    async next(count = 1, timeout = 5_000): Promise<ServerEvent[]> {
      await vi.waitUntil(() => events.length >= taken + count, { timeout, interval: 5 })
      taken += count
      return events.slice(taken - count, taken)
    },
    async stop() {
      stopping.abort()
      await ended
    },
  }
}
