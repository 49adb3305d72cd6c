import { setTimeout as sleep, setImmediate as yieldToOthers } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import pLimit from 'p-limit'
import type { Logger } from 'pino'
import { Problem, unlessProblem } from '../http/errors.ts'
import type { IndexReader } from '../index/reader.ts'
import { type Block, type Changes, type Cursor, changesSince, type Place, placeAt } from '../queries/changes.ts'
import { createSeeker, isSearch, type SeekBriefs } from '../queries/searches.ts'
import { formatStreamCursor } from '../resources/cursors.ts'
import { type EncodedEvents, encodeEvents, formatBlock, formatChange, formatEvent } from '../resources/stream.ts'
import type { EventStream } from './eventStream.ts'
import { matchChange, type StreamFilter } from './filter.ts'

/** The pause after a read for live streams that failed, and how often such a read checks whether there are streams. */
const PAUSE_MS = 200
const IDLE_CHECK_MS = 1_000

/** How many reads of resuming streams run at once. Clients choose how many changes they read. */
const RESUME_CONCURRENCY = 2

/** How many batches are kept for other streams at the same place. */
const MAX_BATCHES = 16

type Options = { index: IndexReader; chainId: number; logger: Logger }

/** What was read at the block `head` for the streams whose clients have the cursor `start`. */
type Batch = Changes & {
  start: Cursor
  head: Block
  seek: SeekBriefs
  /** The events that match a filter, by its key. */
  encoded: Map<string, Promise<EncodedEvents | undefined>>
}

/**
 * Sends streams what changes. Each stream goes from place to place by itself. Streams at the same place share a read, and with
 * the same filter the encoded events too: so all do that have all changes. Nothing is read while there is no stream.
 */
export class ChangeFeed {
  readonly streams = new Set<EventStream>()
  readonly #options: Options
  readonly #resumes = pLimit(RESUME_CONCURRENCY)
  readonly #turns = pLimit(1)
  readonly #batches = new LRUCache<string, Promise<Batch>>({ max: MAX_BATCHES })

  constructor(options: Options) {
    this.#options = options
  }

  /**
   * Sends the stream all changes from now on, or from the cursor on.
   * @throws Problem INDEX_BEHIND if the index cannot be read.
   */
  async add(stream: EventStream, cursor?: Cursor) {
    this.streams.add(stream)
    const place = cursor ? { cursor, head: undefined } : await this.#welcome(stream)
    void this.#follow(stream, place)
  }

  /** Forgets a stream that has ended. */
  delete(stream: EventStream) {
    this.streams.delete(stream)
    if (this.streams.size === 0) this.#batches.clear()
  }

  async #welcome(stream: EventStream): Promise<Place> {
    const { index, chainId } = this.#options
    const { data: place } = await index.read(undefined, (tx, block) => placeAt(tx, block, chainId))
    const id = formatStreamCursor(place.cursor)
    stream.send(encodeEvents([formatEvent('ready', `{"block":${formatBlock(place.head)}}`, id)]), id)
    return place
  }

  async #follow(stream: EventStream, from: Place) {
    try {
      for (let place = from; stream.isOpen; ) {
        const batch = await this.#next(place)
        const events = await this.#encode(batch, stream.filter)
        if (events) await this.#letOthersRun()
        stream.send(events, formatStreamCursor(batch.end.cursor))
        // Says that all changes until now are sent.
        if (place.head === undefined && batch.end.head !== undefined) stream.sendHeartbeat()
        place = batch.end
      }
    } catch (error) {
      // The client cannot see the difference between a read that fails and a quiet market.
      stream.close(error instanceof Problem ? 'INDEX_BEHIND' : 'INTERNAL')
    }
  }

  #next(place: Place): Promise<Batch> {
    const key = `${formatStreamCursor(place.cursor)} ${place.head?.hash}`
    const known = this.#batches.get(key)
    if (known) return known
    const batch = place.head ? this.#readLive(place, place.head) : this.#resumes(() => this.#readToResume(place))
    this.#batches.set(key, batch)
    batch.catch((error) => {
      this.#batches.delete(key)
      if (this.streams.size > 0) this.#log(error)
    })
    return batch
  }

  /** Waits for the next block, and retries while the index cannot be read. */
  async #readLive(place: Place, { hash }: Block): Promise<Batch> {
    const { head } = this.#options.index
    while (this.streams.size > 0) {
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
  async #readToResume(place: Place): Promise<Batch> {
    // A block that does not come is of a branch that was orphaned.
    await this.#options.index.reach(place.cursor.to.number).catch(unlessProblem)
    return this.#read(place)
  }

  async #read(place: Place): Promise<Batch> {
    const { index, chainId } = this.#options
    const { snapshot, data } = await index.read(undefined, (tx, block) => changesSince(tx, block, chainId, place))
    const uris = new Set(data.changes.flatMap((change) => (change.type === 'run' ? change.row.ipfsHash : [])))
    return { ...data, start: place.cursor, head: snapshot, seek: createSeeker(index, [...uris]), encoded: new Map() }
  }

  #encode(batch: Batch, filter: StreamFilter): Promise<EncodedEvents | undefined> {
    const known = batch.encoded.get(filter.key)
    if (known) return known
    const encode = async () => {
      const briefs = isSearch(filter) ? await batch.seek(filter) : undefined
      if (batch.changes.length > 0) await this.#letOthersRun()
      return encodeBatch(batch, filter, briefs)
    }
    const events = encode()
    batch.encoded.set(filter.key, events)
    events.catch(() => batch.encoded.delete(filter.key))
    return events
  }

  /** Returns in a turn of the event loop in which no other stream has work. Other requests run in between. */
  #letOthersRun(): Promise<void> {
    return this.#turns(() => yieldToOthers())
  }

  /** Clients reconnect, maybe to another process, and miss nothing. */
  #log(error: unknown) {
    const [level, err] =
      error instanceof Problem ? (['warn', error.cause ?? error] as const) : (['error', error] as const)
    this.#options.logger[level]({ err }, 'The changes cannot be read: the streams that wait for them end')
  }
}

/**
 * The events of a batch that match the filter; undefined if none does. The id of each but the last is of a client that
 * lacks the batch, because a connection may break in the middle: then these come again.
 * @param briefs The briefs that the filter's search finds, if it has one.
 */
function encodeBatch(batch: Batch, filter: StreamFilter, briefs: ReadonlySet<string> | undefined) {
  const { start, head, reset, changes, end } = batch
  if (reset) {
    const data = `{"block":${formatBlock(reset.block)},"reason":"${reset.reason}"}`
    return encodeEvents([formatEvent('reset', data, formatStreamCursor(end.cursor))])
  }
  const matching = changes.flatMap((change) => {
    const match = matchChange(filter, change, briefs)
    return match === 'never' ? [] : { type: change.type, data: formatChange(change, head, match === 'left') }
  })
  const begun = formatStreamCursor({ ...start, to: head })
  const ended = formatStreamCursor(end.cursor)
  return encodeEvents(
    matching.map(({ type, data }, place) => formatEvent(type, data, place === matching.length - 1 ? ended : begun)),
  )
}
