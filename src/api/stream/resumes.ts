import { setImmediate as yieldToOthers } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import pLimit from 'p-limit'
import type { Hex } from 'viem'
import { Problem } from '../http/errors.ts'
import type { Block, Changes } from '../queries/changes.ts'
import { batchOf, type Part, resetBatch, resetOf } from './batch.ts'
import { type Cursor, formatCursor } from './cursor.ts'
import type { EventStream } from './eventStream.ts'
import type { StreamFilter } from './filter.ts'
import { type FoundBriefs, keyOfSearch } from './searches.ts'

/**
 * How many resuming streams' reads run at once. Streams with the same cursor share a read. Each has a connection of its
 * own, because clients choose how many changes it reads, and other reads must not wait for it.
 */
const READ_CONCURRENCY = 2

/** How long a stream waits until its read begins. A read takes two seconds at most. */
const MAX_WAIT_MS = 10_000

/** The most bytes of changes, and of encoded events, that are kept for other streams with the same cursor. */
const MAX_READ_BYTES = 32 * 1024 * 1024
const MAX_ENCODED_BYTES = 32 * 1024 * 1024

/** An upper estimate of what a change takes in memory: texts of the chain and of briefs are bounded. */
const CHANGE_BYTES = 4_000

/** Changes as they are after the cursor, and the block of the read. */
export type ChangesRead = { head: Block; changes: Changes }

/** The next events of a resuming stream. */
type ResumedPart = Part & {
  /** The block at which the client is then; undefined if more parts follow before it has a block. */
  head: Block | undefined
}

type Waiting = { read: Promise<ChangesRead>; streams: Set<EventStream> }

type Options = {
  /** Reads what a client with the cursor lacks, on a connection of its own. */
  read: (cursor: Cursor) => Promise<ChangesRead>
  /** The head of the index that was read last. */
  lastHead: () => Hex | undefined
  /** Finds those of the briefs that the stream's search matches. */
  seek: (uris: readonly string[], filter: StreamFilter) => Promise<FoundBriefs>
}

/**
 * Reads and encodes what resuming streams lack. Streams with the same cursor share a read, and with the same filter the
 * encoded events too, until the index has another head. A stream holds a cursor, not the changes: so the bounds of
 * these caches bound the memory, however many streams resume and however slowly their clients read.
 */
export class Resumes {
  readonly #options: Options
  readonly #limitReads = pLimit(READ_CONCURRENCY)
  /** One part is encoded per turn of the event loop, however many streams resume. */
  readonly #limitEncoding = pLimit(1)
  readonly #waiting = new Map<string, Waiting>()
  readonly #reads = new LRUCache<string, ChangesRead>({ max: 1_000, maxSize: MAX_READ_BYTES, sizeCalculation: sizeOf })
  readonly #parts = new LRUCache<string, ResumedPart>({
    max: 10_000,
    maxSize: MAX_ENCODED_BYTES,
    sizeCalculation: ({ events }) => (events?.bytes.byteLength ?? 0) + CHANGE_BYTES,
  })

  constructor(options: Options) {
    this.#options = options
  }

  /**
   * The first of the events that a client with the cursor lacks.
   * @throws Problem INDEX_BEHIND if they cannot be read in time.
   */
  async next(cursor: Cursor, stream: EventStream): Promise<ResumedPart> {
    const key = this.#keyOf(cursor)
    const read = this.#reads.get(key) ?? (await this.#read(key, cursor, stream))
    const { hash } = read.head
    const partKey = `${formatCursor(cursor)} ${hash} ${stream.filter.key}`
    const known = this.#parts.get(partKey)
    if (known) return known
    const found = await this.#seek(cursor, read, stream.filter)
    return this.#limitEncoding(async () => {
      const encoded = this.#parts.get(partKey)
      if (encoded) return encoded
      const part = this.#encodeNext(cursor, read, stream, found)
      this.#parts.set(partKey, part)
      await yieldToOthers()
      return part
    })
  }

  async #seek(cursor: Cursor, { head, changes }: ChangesRead, filter: StreamFilter): Promise<FoundBriefs> {
    if (keyOfSearch(filter) === undefined) return new Map()
    return this.#limitReads(() => this.#options.seek(batchOf(cursor, changes, head).partUris(), filter))
  }

  #encodeNext(cursor: Cursor, read: ChangesRead, { filter }: EventStream, found: FoundBriefs): ResumedPart {
    const { head, changes } = read
    const reset = resetOf(cursor, changes, head, new Map())
    if (reset) {
      const { encode, end } = resetBatch(reset, changes.finalized)
      return { events: encode(filter, found), end, head: undefined }
    }
    const batch = batchOf(cursor, changes, head)
    const part = batch.encodePart(filter, found)
    if (part.end === batch.end) return { ...part, head }
    // The next part is encoded from the same read, unless the index has another head by then.
    this.#reads.set(this.#keyOf(part.end), read)
    return { ...part, head: undefined }
  }

  /** A client that has a part of a batch reads the same as one that has none of it. */
  #keyOf(cursor: Cursor): string {
    return `${formatCursor({ ...cursor, after: undefined })} ${this.#options.lastHead()}`
  }

  #read(key: string, cursor: Cursor, stream: EventStream): Promise<ChangesRead> {
    const waiting = this.#waiting.get(key)
    if (waiting) {
      waiting.streams.add(stream)
      return waiting.read
    }
    const streams = new Set([stream])
    const askedAt = performance.now()
    const read = this.#limitReads(async () => {
      if (![...streams].some(({ isOpen }) => isOpen)) throw refusal('No client waits for the changes.')
      if (performance.now() - askedAt > MAX_WAIT_MS) throw refusal('Too many streams resume at once.')
      const result = await this.#options.read(cursor)
      this.#reads.set(key, result)
      return result
    }).finally(() => this.#waiting.delete(key))
    this.#waiting.set(key, { read, streams })
    return read
  }
}

const refusal = (detail: string) => new Problem('INDEX_BEHIND', detail)

function sizeOf({ changes: { changes, recent } }: ChangesRead): number {
  return CHANGE_BYTES * (1 + changes.length + recent.length)
}
