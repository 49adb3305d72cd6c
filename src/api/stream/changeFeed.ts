import { setTimeout as sleep, setImmediate as yieldToOthers } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import pLimit from 'p-limit'
import type { Logger } from 'pino'
import type { Hex } from 'viem'
import { Problem, unlessProblem } from '../http/errors.ts'
import type { IndexReader } from '../index/reader.ts'
import { type Block, type Cursor, changesSince, cursorAt } from '../queries/changes.ts'
import { type Batch, batchOf, encodeBatch, formatBlock, type Place, placeOf } from './batch.ts'
import { createBriefSeeker } from './briefSeeker.ts'
import { formatCursor } from './cursor.ts'
import { type EncodedEvents, type EventStream, encodeEvents, formatEvent } from './eventStream.ts'
import type { StreamFilter } from './filter.ts'

/** The pause after a read for live streams that failed, and how often a read that waits checks whether there are streams. */
const PAUSE_MS = 200
const IDLE_CHECK_MS = 1_000

/** How many reads of resuming streams run at once. Clients choose how many changes they read. */
const RESUME_CONCURRENCY = 2

/** How many batches are kept for other streams at the same place, and the bytes of their encoded events. */
const MAX_BATCHES = 16
const MAX_ENCODED_BYTES = 64 * 1024 * 1024

/** An upper estimate of what the event of a change takes. */
const EVENT_BYTES = 4_000

/** After so long, other requests run before the next stream gets its events. */
const TURN_MS = 10

type Options = { index: IndexReader; chainId: number; logger: Logger }

/**
 * Sends streams what changes. Each goes from place to place by itself, at the pace of its client. Streams at the same place
 * share a read, and with the same filter the encoded events too: so all live streams do. It reads nothing while there is no
 * stream.
 */
export class ChangeFeed {
  readonly streams = new Set<EventStream>()
  readonly #options: Options
  readonly #seek: ReturnType<typeof createBriefSeeker>
  readonly #limitResumes = pLimit(RESUME_CONCURRENCY)
  readonly #limitTurns = pLimit(1)
  readonly #batches = new LRUCache<string, Promise<Batch>>({ max: MAX_BATCHES })
  readonly #encoded = new LRUCache<string, Promise<EncodedEvents | undefined>>({ maxSize: MAX_ENCODED_BYTES })
  /** Where the streams are that have all changes; undefined while there is none. */
  #latest: Place | undefined
  #turnStart = 0

  constructor(options: Options) {
    this.#options = options
    this.#seek = createBriefSeeker(options.index)
  }

  /**
   * Sends the stream all changes from now on, or from the cursor on.
   * @throws Problem INDEX_BEHIND if the index cannot be read.
   */
  async add(stream: EventStream, cursor?: Cursor) {
    this.streams.add(stream)
    try {
      const place = cursor ? placeOf(cursor) : await this.#welcome(stream)
      void this.#follow(stream, place)
    } catch (error) {
      this.delete(stream)
      throw error
    }
  }

  /** Forgets a stream that has ended. */
  delete(stream: EventStream) {
    this.streams.delete(stream)
    if (this.streams.size === 0) this.#latest = undefined
  }

  async #welcome(stream: EventStream): Promise<Place> {
    ...
  }
}
