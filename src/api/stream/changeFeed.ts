import { setTimeout as sleep, setImmediate as yieldToOthers } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Hex } from 'viem'
import { Problem, unlessProblem } from '../http/errors.ts'
import type { IndexReader } from '../index/reader.ts'
import { type Block, type Changes, changesSince } from '../queries/changes.ts'
import { type Batch, batchOf, formatBlock, resetBatch, resetOf } from './batch.ts'
import { type Cursor, cursorAt, formatCursor } from './cursor.ts'
import { type EventStream, encodeEvents, formatEvent } from './eventStream.ts'
import type { StreamFilter } from './filter.ts'
import { type ChangesRead, Resumes } from './resumes.ts'
import { type FoundBriefs, keyOfSearch, seekBriefs } from './searches.ts'

/** The pause after a read that failed, and how often the feed checks whether there are streams. */
const PAUSE_MS = 200
const IDLE_CHECK_MS = 1_000

/** How long a resuming stream waits for the block that its client has. Then that branch counts as orphaned. */
const MAX_BEHIND_MS = 30_000

/** After so many streams the feed lets other requests run. */
const STREAMS_PER_TURN = 500

/** After so long the feed lets other requests run too: each filter of a stream may have events to encode. */
const TURN_MS = 10

/** What all live streams have: the changes up to `head`. */
type Position = {
  head: Block
  cursor: Cursor
  /** Hashes by number, of blocks of this branch. */
  remembered: ReadonlyMap<bigint, Hex>
}

type Options = { index: IndexReader; chainId: number; logger: Logger }

/** Reads each change once, and sends it to all streams. It reads nothing while there are none. */
export class ChangeFeed {
  readonly #options: Options
  /** All open streams, and those of them that have all changes up to `#position`. */
  readonly #streams = new Set<EventStream>()
  readonly #live = new Set<EventStream>()
  readonly #resumes: Resumes
  #position: Position | undefined
  #start: Promise<Position> | undefined
  #moved = Promise.withResolvers<void>()

  constructor(options: Options) {
    this.#options = options
    this.#resumes = new Resumes({
      read: (cursor) => this.#readToResume(cursor),
      lastHead: () => options.index.head.last?.hash,
      seek: (uris, filter) => seekBriefs(options.index, uris, [filter]),
    })
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
    this.#start ??= this.#locate()
    const started = await this.#start.catch((error) => {
      this.#start = undefined
      this.#streams.delete(stream)
      throw error
    })
    if (this.#position === undefined) {
      this.#position = started
      void this.#follow()
    }
    if (cursor) void this.#resume(stream, cursor)
    else this.#welcome(stream, this.#position)
  }

  /** Forgets a stream that has ended. */
  delete(stream: EventStream) {
    this.#streams.delete(stream)
    this.#live.delete(stream)
  }

  #welcome(stream: EventStream, { head, cursor }: Position) {
    const id = formatCursor(cursor)
    stream.send(encodeEvents([formatEvent('ready', `{"block":${formatBlock(head)}}`, id)]), id)
    // It may have been closed while the feed started.
    if (stream.isOpen) this.#live.add(stream)
  }

  /** Where the index is. The cursor is the last block that changed anything, if it is recent: see `batchOf`. */
  async #locate(): Promise<Position> {
    const { snapshot } = await this.#options.index.read(undefined, async () => null)
    const { changes, head } = await this.#read(cursorAt(snapshot, snapshot.number))
    const final = changes.recent.find(({ number }) => number <= changes.finalized)
    const atHead = { head, cursor: cursorAt(head, changes.finalized), remembered: hashesOf(changes) }
    if (!final) return atHead
    const fromFinal = cursorAt(final, final.number)
    const later = await this.#read(fromFinal)
    if (resetOf(fromFinal, later.changes, later.head, new Map())) return atHead
    const { end } = batchOf(fromFinal, later.changes, later.head)
    return { head: later.head, cursor: end, remembered: hashesOf(later.changes) }
  }

  async #read(cursor: Cursor): Promise<ChangesRead> {
    const { index, chainId } = this.#options
    const { snapshot, data } = await index.read(undefined, (tx, block) => changesSince(tx, block, chainId, cursor))
    return { head: snapshot as Block, changes: data }
  }

  async #follow() {
    while (this.#streams.size > 0 && this.#position) {
      try {
        const known = this.#position.head.hash
        const isMoved = await this.#options.index.head.after(known, AbortSignal.timeout(IDLE_CHECK_MS))
        if (isMoved) await this.#step(this.#position)
      } catch (error) {
        if (!(error instanceof Problem)) this.#fail(error)
        await sleep(PAUSE_MS)
      }
    }
    this.#position = undefined
    this.#start = undefined
  }

  async #step({ cursor, remembered }: Position) {
    const { head, changes } = await this.#read(cursor)
    const reset = resetOf(cursor, changes, head, remembered)
    const batch = reset ? resetBatch(reset, changes.finalized) : batchOf(cursor, changes, head)
    const found = await this.#seek(batch.uris())
    this.#position = { head: reset?.block ?? head, cursor: batch.end, remembered: hashesOf(changes) }
    await this.#publish(batch, found, [...this.#live])
    this.#moved.resolve()
    this.#moved = Promise.withResolvers()
  }

  /** Finds which of the briefs the searches of all live streams match, also of those that became live during the read. */
  async #seek(uris: readonly string[]): Promise<FoundBriefs> {
    const found = new Map<string, ReadonlySet<string>>()
    while (true) {
      const missing = [...this.#live].map(({ filter }) => filter).filter((filter) => isMissing(filter, found))
      if (missing.length === 0) return found
      for (const [key, briefs] of await seekBriefs(this.#options.index, uris, missing)) found.set(key, briefs)
    }
  }

  async #publish(batch: Batch, found: FoundBriefs, streams: readonly EventStream[]) {
    const id = formatCursor(batch.end)
    let turnStart = performance.now()
    for (const [place, stream] of streams.entries()) {
      stream.send(batch.encode(stream.filter, found), id)
      const isTurnOver = place % STREAMS_PER_TURN === STREAMS_PER_TURN - 1 || performance.now() - turnStart > TURN_MS
      if (!isTurnOver) continue
      await yieldToOthers()
      turnStart = performance.now()
    }
  }

  /**
   * Sends what the client lacks, until it has what the live streams have. If that cannot be read, the stream ends with
   * the reason, because the client cannot see the difference between a read that fails and a quiet market.
   */
  async #resume(stream: EventStream, from: Cursor) {
    try {
      await this.#reach(from, stream)
      for (let cursor = from; stream.isOpen; ) {
        const part = await this.#resumes.next(cursor, stream)
        stream.send(part.events, formatCursor(part.end))
        cursor = part.end
        await stream.waitForRoom()
        if (!part.head) continue
        await this.#waitFor(part.head)
        if (this.#position?.head.hash !== part.head.hash) continue
        if (stream.isOpen) this.#live.add(stream)
        return
      }
    } catch (error) {
      if (error instanceof Problem) stream.close('INDEX_BEHIND')
      else this.#fail(error, [stream])
    }
  }

  /** Waits for the block that the client has, if this replica's database is behind it. */
  async #reach({ to }: Cursor, stream: EventStream) {
    const start = performance.now()
    while (stream.isOpen && performance.now() - start < MAX_BEHIND_MS) {
      const isReached = await this.#options.index.reach(to.number).then(
        () => true,
        (error) => unlessProblem(error) ?? false,
      )
      if (isReached) return
      await sleep(PAUSE_MS)
    }
  }

  async #readToResume(cursor: Cursor): Promise<ChangesRead> {
    try {
      return await this.#read(cursor)
    } catch (error) {
      const { logger } = this.#options
      const message = 'The changes that resuming streams lack cannot be read: these streams end'
      if (error instanceof Problem) logger.warn({ err: error.cause ?? error }, message)
      throw error
    }
  }

  /** Waits for the next step of the live streams, unless they are at the block. */
  async #waitFor({ hash }: Block) {
    if (this.#position?.head.hash !== hash) await Promise.race([this.#moved.promise, sleep(PAUSE_MS)])
  }

  /** The error is a defect: clients reconnect, maybe to another process, and miss nothing. */
  #fail(error: unknown, streams: Iterable<EventStream> = [...this.#streams]) {
    this.#options.logger.error({ err: error }, 'The changes cannot be sent')
    for (const stream of streams) stream.close('INTERNAL')
  }
}

function isMissing(filter: StreamFilter, found: FoundBriefs): boolean {
  const key = keyOfSearch(filter)
  return key !== undefined && !found.has(key)
}

const hashesOf = ({ recent }: Changes) => new Map(recent.map(({ number, hash }) => [number, hash]))
