import { createParser, type EventSourceMessage } from 'eventsource-parser'
import type { components, paths } from './api.ts'
import { ProblemError } from './errors.ts'
import { type Given, isRetriable, type RequestOptions, readJson, reasonOf, retryAfterOf, wait } from './request.ts'

type Schemas = components['schemas']

/** The server sends at least a comment every 15 seconds. Without one for this time, the connection counts as lost. */
const SILENCE_TIMEOUT_MS = 40_000

/** The pause before a new connection. It doubles with each attempt that gets no event, or only `close`. */
const MIN_PAUSE_SECONDS = 1
const MAX_PAUSE_SECONDS = 30

export type StreamQuery = Given<Omit<NonNullable<paths['/api/stream']['get']['parameters']['query']>, 'lastEventId'>>

/** An event, with the id after which another stream can continue. `docs/api.md#the-stream-of-changes` says how to keep a copy with them. */
export type StreamEvent = { id: string } & (
  | { type: 'ready'; data: Schemas['StreamReady'] }
  | { type: 'run'; data: Schemas['RunChange'] }
  | { type: 'agent'; data: Schemas['AgentChange'] }
  | { type: 'reset'; data: Schemas['StreamReset'] }
)

export type StreamOptions = {
  /** The id of the last event that was handled, for instance by an earlier process. */
  lastEventId?: string | undefined
  /** Ends the stream. */
  signal?: AbortSignal | undefined
}

/**
 * The changes of runs and agents. After a lost connection it reconnects, without a limit of attempts, and
 * continues after the last event.
 * @throws ProblemError if the API refuses the query. NoAnswerError if another server does.
 */
export async function* streamChanges(
  { url, fetch, onRetry }: Pick<RequestOptions, 'url' | 'fetch' | 'onRetry'>,
  query: StreamQuery,
  { lastEventId, signal = new AbortController().signal }: StreamOptions = {},
): AsyncGenerator<StreamEvent, void> {
  let id = lastEventId
  const target = new URL('/api/stream', url)
  for (let pause = MIN_PAUSE_SECONDS; !signal.aborted; ) {
    let reason = 'it ended'
    const listener = {
      onId(next: string) {
        id = next
      },
      onUnavailable(answer: Response) {
        reason = `the answer has status ${answer.status}`
        pause = retryAfterOf(answer)
      },
    }
    try {
      for (const [name, value] of Object.entries({ ...query, lastEventId: id })) {
        if (value !== undefined) target.searchParams.set(name, String(value))
      }
      for await (const { id: own = '', event, data } of messagesOf(fetch, target, signal, listener)) {
        if (!isKnown(event)) continue
        pause = MIN_PAUSE_SECONDS
        yield { id: own, type: event, data: JSON.parse(data) } as StreamEvent
      }
    } catch (error) {
      if (!isLostConnection(error)) throw error
      reason = reasonOf(error)
    }
    if (signal.aborted) return
    onRetry?.({ request: `GET ${target}`, reason, seconds: pause })
    await wait(pause, signal).catch(() => undefined)
    pause = Math.min(2 * pause, MAX_PAUSE_SECONDS)
  }
}

/** `fetch` reports a network's error as a TypeError, and a timeout as an AbortError. */
const isLostConnection = (error: unknown) =>
  error instanceof TypeError || (error instanceof DOMException && error.name === 'AbortError')

/** `close` and types of later versions are not for the caller. */
const isKnown = (event = ''): event is StreamEvent['type'] => ['ready', 'run', 'agent', 'reset'].includes(event)

/** The messages of one connection. It ends, or throws, when the connection does; at once if the API asks to try again later. */
async function* messagesOf(
  fetch: typeof globalThis.fetch,
  target: URL,
  signal: AbortSignal,
  { onId, onUnavailable }: { onId: (id: string) => void; onUnavailable: (answer: Response) => void },
): AsyncGenerator<EventSourceMessage, void> {
  const connection = new AbortController()
  const cut = () => connection.abort()
  let silence = setTimeout(cut, SILENCE_TIMEOUT_MS)
  signal.addEventListener('abort', cut)
  try {
    const answer = await fetch(target, { signal: connection.signal, headers: { Accept: 'text/event-stream' } })
    if (isRetriable(answer)) return onUnavailable(answer)
    if (!answer.ok || !answer.body) {
      throw new ProblemError(readJson(`GET ${target}`, answer, await answer.text()), answer.headers)
    }
    const messages: EventSourceMessage[] = []
    const parser = createParser({ onId, onEvent: (message) => messages.push(message) })
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      clearTimeout(silence)
      silence = setTimeout(cut, SILENCE_TIMEOUT_MS)
      parser.feed(chunk.value)
      yield* messages.splice(0)
    }
  } finally {
    clearTimeout(silence)
    signal.removeEventListener('abort', cut)
    cut()
  }
}
