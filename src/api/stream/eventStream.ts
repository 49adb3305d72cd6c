import type { CloseReason } from '../resources/stream.ts'
import type { StreamFilter } from './filter.ts'

/** How many bytes may wait for a slow reader when the next event comes: some hundred events. */
const MAX_WAITING_BYTES = 1024 * 1024

/** After this time a connection that has not taken its last event is cut. */
const CUT_TIMEOUT_MS = 5_000

/** How long an EventSource waits before it reconnects. */
const RETRY_MS = 1_000

/** As `RETRY_MS`, after the changes that the client lacks could not be read: that may last, and each attempt reads them. */
const RETRY_BEHIND_MS = 10_000

/** Why a stream has ended: by the server, or because the client has gone. */
export type EndReason = CloseReason | 'GONE'

/** Encoded events, and how many they are. */
export type EncodedEvents = { bytes: Uint8Array; count: number }

const encoder = new TextEncoder()

/** Encodes events for the body of a stream. @returns undefined if there are none. */
export const encodeEvents = (events: readonly string[]): EncodedEvents | undefined =>
  events.length === 0 ? undefined : { bytes: encoder.encode(events.join('')), count: events.length }

/** An event as text. @param data JSON. */
export const formatEvent = (event: string, data: string, id?: string): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`

type Listener = {
  onSend(events: number): void
  /** Called once. */
  onEnd(reason: EndReason): void
  /** Cuts the connection, unless the client has taken the whole response. */
  cut(): void
}

/** The server-sent events of one client. */
export class EventStream {
  readonly filter: StreamFilter
  /** The body of the response. */
  readonly body: ReadableStream<Uint8Array>
  isOpen = true
  readonly #listener: Listener
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  /** The id of the last event, or a later one if nothing in between matches the filter. */
  #lastId: string | undefined
  #room = Promise.withResolvers<void>()

  constructor(filter: StreamFilter, listener: Listener) {
    this.filter = filter
    this.#listener = listener
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
          controller.enqueue(encoder.encode(`retry: ${RETRY_MS}\n\n`))
        },
        pull: () => this.#room.resolve(),
        cancel: () => this.#end('GONE'),
      },
      { highWaterMark: MAX_WAITING_BYTES, size: ({ byteLength }) => byteLength },
    )
  }

  /**
   * Sends events, or closes the stream if too much of what was sent before still waits. The size of the events does not
   * count: all streams with the same filter share their bytes.
   * @param id Of a client that has the events.
   */
  send(events: EncodedEvents | undefined, id: string) {
    if (!this.isOpen) return
    if (events && !this.#hasRoom()) return this.close('SLOW_READER')
    this.#lastId = id
    if (!events) return
    this.#controller?.enqueue(events.bytes)
    this.#listener.onSend(events.count)
  }

  /**
   * Sends a comment, so that no proxy takes the connection for idle, and the id from which the client can resume. The
   * ids of events alone would become too old if none matches the filter for a long time.
   */
  sendHeartbeat() {
    if (!this.isOpen) return
    if (!this.#hasRoom()) return this.close('SLOW_READER')
    this.#controller?.enqueue(encoder.encode(this.#lastId === undefined ? ':\n\n' : `:\nid: ${this.#lastId}\n\n`))
  }

  /** Resolves once the client has taken enough of what was sent, or the stream has ended. */
  async waitForRoom() {
    while (this.isOpen && !this.#hasRoom()) {
      this.#room = Promise.withResolvers()
      await this.#room.promise
    }
  }

  /** Sends the reason as the last event, and ends the stream. */
  close(reason: CloseReason) {
    if (!this.isOpen) return
    this.#end(reason)
    const retry = reason === 'INDEX_BEHIND' ? `retry: ${RETRY_BEHIND_MS}\n` : ''
    this.#controller?.enqueue(encoder.encode(`${retry}${formatEvent('close', JSON.stringify({ reason }))}`))
    this.#controller?.close()
    setTimeout(() => this.#listener.cut(), CUT_TIMEOUT_MS).unref()
  }

  #hasRoom(): boolean {
    return (this.#controller?.desiredSize ?? 0) > 0
  }

  #end(reason: EndReason) {
    if (!this.isOpen) return
    this.isOpen = false
    this.#room.resolve()
    this.#listener.onEnd(reason)
  }
}
