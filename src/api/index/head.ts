import { EventEmitter, once } from 'node:events'
import type { Hex } from 'viem'
import { isConsistent, type Snapshot, timeAt, validityOf } from './snapshot.ts'

/** An answer may be repeated for so long after the head was read. */
const MAX_AGE_MS = 250

/** How often the head is read while a request waits for a block. A notification comes before the next read. */
const POLL_INTERVAL_MS = 50

/**
 * Notifies that the index may have a new head. A notification may come twice, late, never, or before the database of
 * this process has the block. So it only changes when the head is read next.
 */
export type BlockNotifications = { subscribe(listener: () => void): void }

type Options = {
  /** Reads the head and passes it to `record`. @throws Problem INDEX_BEHIND if the database cannot be read. */
  readHead: () => Promise<unknown>
  /** This machine's time in milliseconds. */
  clock: () => number
  notifications?: BlockNotifications | undefined
}

/**
 * The latest head of the index that this process has read. All requests that wait for a block share each read of the head. It is
 * read after a notification and at an interval, but only while a request waits.
 */
export class HeadFeed {
  /** The head that was read last, of any age and perhaps inconsistent; undefined if the index had no block. */
  last: Snapshot | undefined
  readonly #options: Options
  /** Emits `head` when one is recorded, and `error` when it cannot be read. */
  readonly #reads = new EventEmitter().setMaxListeners(0)
  /** When the read of the last head started, and when the last notification came. */
  #startedAt = Number.NEGATIVE_INFINITY
  #notifiedAt = Number.NEGATIVE_INFINITY
  #isPolling = false
  #wake = () => {}

  constructor(options: Options) {
    this.#options = options
    options.notifications?.subscribe(() => {
      this.#notifiedAt = performance.now()
      this.#wake()
    })
  }

  /**
   * Records the head that a read returned. Reads may end in another order than they started in. So a head is ignored
   * if its read started earlier than the recorded one and its block is not later.
   * @param startedAt when the read started, by `performance.now()`.
   */
  record(snapshot: Snapshot | undefined, startedAt: number) {
    const isLater = snapshot !== undefined && (this.last === undefined || snapshot.number > this.last.number)
    if (startedAt < this.#startedAt && !isLater) return
    this.last = snapshot
    this.#startedAt = startedAt
    this.#reads.emit('head')
  }

  /**
   * The block and the second, which decides what is claimable, of an answer that would be read now, as far as this process
   * knows without a read: see `validityOf`. Undefined if no head was read in the last 250 ms or since a notification, or if it
   * was inconsistent.
   *
   * It is never older than any answer of this process, such as the answer to a claim.
   */
  validity(): string | undefined {
    const isOld = this.#startedAt <= this.#notifiedAt || performance.now() - this.#startedAt > MAX_AGE_MS
    if (isOld || !this.last || !isConsistent(this.last)) return undefined
    const { hash, timestamp } = this.last
    return validityOf({ hash, now: timeAt(timestamp, this.#options.clock()) })
  }

  /**
   * Waits for a head that meets the condition. The last one that was read counts too.
   * @returns undefined if there is none until `signal` aborts.
   * @throws Problem INDEX_BEHIND if the database cannot be read.
   */
  async until(isMet: (snapshot: Snapshot) => boolean, signal: AbortSignal): Promise<Snapshot | undefined> {
    while (!signal.aborted) {
      if (this.last && isMet(this.last)) return this.last
      const next = once(this.#reads, 'head', { signal })
      void this.#poll()
      await next.catch((error) => {
        if (!signal.aborted) throw error
      })
    }
    return undefined
  }

  /**
   * Waits, as `until` does, for a consistent head other than `known`. It may skip blocks, and after a reorg its number may be
   * lower.
   */
  after(known: Hex | undefined, signal: AbortSignal): Promise<Snapshot | undefined> {
    return this.until((snapshot) => isConsistent(snapshot) && snapshot.hash !== known, signal)
  }

  async #poll() {
    if (this.#isPolling) return
    this.#isPolling = true
    while (this.#reads.listenerCount('head') > 0) {
      await this.#pause()
      await this.#options.readHead().catch((error) => {
        // Without a listener, `emit` would throw the error.
        if (this.#reads.listenerCount('error') > 0) this.#reads.emit('error', error)
      })
    }
    this.#isPolling = false
  }

  /** Waits until the next read of the head is due. */
  async #pause() {
    if (this.#startedAt < this.#notifiedAt) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, Math.max(this.#startedAt + POLL_INTERVAL_MS - performance.now(), 0))
    this.#wake = resolve
    await promise
    clearTimeout(timer)
  }
}
