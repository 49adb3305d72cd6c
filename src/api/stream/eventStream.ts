import { type CloseReason, type EncodedEvents, encode, formatEvent } from '../resources/stream.ts'
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

  constructor(filter: StreamFilter, listener: Listener) {
    this.filter = filter
    this.#listener = listener
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        cancel: () => this.#end('GONE'),
      },
      { highWaterMark: MAX_WAITING_BYTES, size: ({ byteLength }) => byteLength },
    )
    this.#write(encode(`retry: ${RETRY_MS}\n\n`))
  }

  /**
   * Sends events, or closes the stream if too much of what was sent before still waits. The size of the events does not
   * count: all streams with the same filter share their bytes.
   * @param id Of a client that has the events.
   */
  send(events: EncodedEvents | undefined, id: string) {
    if (events && !this.#write(events.bytes)) return
    this.#lastId = id
    if (events) this.#listener.onSend(events.count)
  }

  /**
   * Sends a comment, so that no proxy takes the connection for idle, and the id from which the client can resume. The
   * ids of events alone would become too old if none matches the filter for a long time.
   */
  sendHeartbeat() {
    this.#write(encode(this.#lastId === undefined ? ':\n\n' : `:\nid: ${this.#lastId}\n\n`))
  }

  /** Sends the reason as the last event, and ends the stream. */
  close(reason: CloseReason) {
    if (!this.isOpen) return
    this.#end(reason)
    const retry = reason === 'INDEX_BEHIND' ? `retry: ${RETRY_BEHIND_MS}\n` : ''
    this.#controller?.enqueue(encode(`${retry}${formatEvent('close', JSON.stringify({ reason }))}`))
    this.#controller?.close()
    setTimeout(() => this.#listener.cut(), CUT_TIMEOUT_MS).unref()
  }

  /** @returns whether it was sent: the stream is open, and had room. */
  #write(bytes: Uint8Array): boolean {
    if ((this.#controller?.desiredSize ?? 0) <= 0) this.close('SLOW_READER')
    if (this.isOpen) this.#controller?.enqueue(bytes)
    return this.isOpen
  }

  #end(reason: EndReason) {
    if (!this.isOpen) return
    this.isOpen = false
    this.#listener.onEnd(reason)
  }
}
