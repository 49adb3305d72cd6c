import { setTimeout as sleep, setImmediate as yieldToOthers } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import pLimit from 'p-limit'
import type { Logger } from 'pino'
import { Problem, unlessProblem } from '../http/errors.ts'
import type { IndexReader } from '../index/reader.ts'
import { type Block, type Cursor, changesSince, cursorAt } from '../queries/changes.ts'
import { isSearch } from '../queries/searches.ts'
import { type Batch, batchOf, encodeBatch, formatBlock, type Place, placeOf } from './batch.ts'
import { formatCursor } from './cursor.ts'
import { type EncodedEvents, type EventStream, encodeEvents, formatEvent } from './eventStream.ts'
import type { StreamFilter } from './filter.ts'
import { createSeeker, type SeekBriefs } from './searches.ts'

/** The pause after a read for live streams that failed, and how often such a read checks whether there are streams. */
const PAUSE_MS = 200
const IDLE_CHECK_MS = 1_000

/** How many reads of resuming streams run at once. Clients choose how many changes they read. */
const RESUME_CONCURRENCY = 2

/** How many batches, and how many bytes of encoded events, are kept for other streams at the same place. */
const MAX_BATCHES = 16
const MAX_ENCODED_BYTES = 64 * 1024 * 1024

/** An upper estimate of what the event of a change takes: texts of the chain and of briefs are bounded. */
const EVENT_BYTES = 4_000

/** After so many events, or so long, other requests run before the next stream gets its events. */
const TURN_EVENTS = 250
const TURN_MS = 10

type Options = { index: IndexReader; chainId: number; logger: Logger }

type SearchableBatch = Batch & { seek: SeekBriefs }

/**
 * Sends streams what changes. Each stream goes from place to place by itself; one that resumes, as fast as its client reads.
 * Streams at the same place share a read, and with the same filter the encoded events too: so all do that have all changes.
 * Nothing is read while there is no stream.
 */
export class ChangeFeed {
  readonly #options: Options
  readonly #streams = new Set<EventStream>()
  readonly #limitResumes = pLimit(RESUME_CONCURRENCY)
  readonly #limitTurns = pLimit(1)
  readonly #batches = new LRUCache<string, Promise<SearchableBatch>>({ max: MAX_BATCHES })
  readonly #encoded = new LRUCache<string, Promise<EncodedEvents | undefined>>({ maxSize: MAX_ENCODED_BYTES })
  /** Where a stream begins that has all changes. */
  #latest: Promise<Place & { head: Block }> | undefined
  #turn = { events: 0, start: 0 }

  constructor(options: Options) {
    this.#options = options
  }

  get streams(): ReadonlySet<EventStream> {
    return this.#streams
  }

  /**
   * Sends the stream all changes from now on, or from the cursor on.
   * @throws Problem INDEX_BEHIND if the index cannot be read.
   */
  async add(stream: EventStream, cursor?: Cursor) {
    this.#streams.add(stream)
    const place = cursor ? placeOf(cursor) : await this.#welcome(stream)
    void this.#follow(stream, place)
  }

  /** Forgets a stream that has ended. */
  delete(stream: EventStream) {
    this.#streams.delete(stream)
    if (this.#streams.size > 0) return
    this.#latest = undefined
    this.#batches.clear()
  }

  async #welcome(stream: EventStream): Promise<Place> {
    this.#latest ??= this.#locate()
    const place = await this.#latest.catch((error) => {
      this.delete(stream)
      this.#latest = undefined
      throw error
    })
    const id = formatCursor(place.cursor)
    stream.send(encodeEvents([formatEvent('ready', `{"block":${formatBlock(place.head)}}`, id)]), id)
    return place
  }

  /** Where the index is. The cursor is the last block that changed anything, if it is recent: see `endOf`. */
  async #locate() {
    const { index, chainId } = this.#options
    const { snapshot, data } = await index.read(undefined, async (tx, block) => {
      const atHead = await changesSince(tx, block, chainId, cursorAt(block, block.number))
      const final = atHead.recent.find(({ number }) => number <= atHead.end.final)
      const since = final && (await changesSince(tx, block, chainId, cursorAt(final, final.number)))
      return since?.isKnown && !since.areTooMany && !since.isPart ? since : atHead
    })
    return { ...batchOf(placeOf(data.end), data, snapshot).end, head: snapshot }
  }

  async #follow(stream: EventStream, from: Place) {
    try {
      for (let place = from; stream.isOpen; ) {
        const batch = await this.#next(place)
        const events = await this.#encode(batch, stream.filter)
        await this.#inTurn(events?.count ?? 0, () => stream.send(events, formatCursor(batch.end.cursor)))
        if (place.head === undefined) await stream.waitForRoom()
        // Says that all changes until now are sent, and not only those of a read.
        if (place.head === undefined && batch.end.head !== undefined) stream.sendHeartbeat()
        place = batch.end
      }
    } catch (error) {
      // The client cannot see the difference between a read that fails and a quiet market.
      stream.close(error instanceof Problem ? 'INDEX_BEHIND' : 'INTERNAL')
    }
  }

  #next(place: Place): Promise<SearchableBatch> {
    const key = `${formatCursor(place.cursor)} ${place.head?.hash}`
    const known = this.#batches.get(key)
    if (known) return known
    const batch = place.head ? this.#readLive(place, place.head) : this.#limitResumes(() => this.#readToResume(place))
    this.#batches.set(key, batch)
    batch.catch((error) => {
      this.#batches.delete(key)
      if (this.#streams.size > 0) this.#log(error)
    })
    return batch
  }

  /** Waits for the next block, and retries while the index cannot be read. */
  async #readLive(place: Place, { hash }: Block): Promise<SearchableBatch> {
    const { head } = this.#options.index
    while (this.#streams.size > 0) {
      try {
        if (await head.after(hash, AbortSignal.timeout(IDLE_CHECK_MS))) return await this.#read(place)
      } catch (error) {
        if (!(error instanceof Problem)) throw error
        await sleep(PAUSE_MS)
      }
    }
    throw new Problem('INDEX_BEHIND', 'No stream waits for the changes.')
  }

  /** Waits for the block that the client has, if this replica's database is behind it. */
  async #readToResume(place: Place): Promise<SearchableBatch> {
    // A block that does not come is of a branch that was orphaned.
    await this.#options.index.reach(place.cursor.to.number).catch(unlessProblem)
    return this.#read(place)
  }

  async #read(place: Place): Promise<SearchableBatch> {
    const { index, chainId } = this.#options
    const { snapshot, data } = await index.read(undefined, (tx, block) =>
      changesSince(tx, block, chainId, place.cursor),
    )
    const batch = batchOf(place, data, snapshot)
    const { head } = batch.end
    if (head && this.#streams.size > 0) this.#latest = Promise.resolve({ ...batch.end, head })
    return { ...batch, seek: createSeeker(index, batch.changes) }
  }

  #encode(batch: SearchableBatch, filter: StreamFilter): Promise<EncodedEvents | undefined> {
    const { length } = batch.changes
    const key = `${batch.key} ${filter.key}`
    const known = this.#encoded.get(key)
    if (known) return known
    const encode = async () => {
      const briefs = isSearch(filter) ? await batch.seek(filter) : undefined
      return this.#inTurn(length, () => encodeBatch(batch, filter, briefs))
    }
    const events = encode()
    this.#encoded.set(key, events, { size: EVENT_BYTES * (1 + length) })
    events.catch(() => this.#encoded.delete(key))
    return events
  }

  /** Runs the work after the work of other streams, and lets other requests run in between. */
  #inTurn<T>(events: number, work: () => T): Promise<T> {
    return this.#limitTurns(async () => {
      const { events: before, start } = this.#turn
      if (before + events > TURN_EVENTS || performance.now() - start > TURN_MS) {
        await yieldToOthers()
        this.#turn = { events: 0, start: performance.now() }
      }
      this.#turn.events += events
      return work()
    })
  }

  /** Clients reconnect, maybe to another process, and miss nothing. */
  #log(error: unknown) {
    const { logger } = this.#options
    if (!(error instanceof Problem))
      return logger.error({ err: error }, 'The changes cannot be sent: these streams end')
    const message = 'The changes that resuming streams lack cannot be read: these streams end'
    logger.warn({ err: error.cause ?? error }, message)
  }
}
