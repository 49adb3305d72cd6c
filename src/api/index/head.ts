import type { Hex } from 'viem'
import { isConsistent, type Snapshot } from './snapshot.ts'

/** A head that was read longer ago may be outdated, and is not used without reading again. */
const MAX_AGE_MS = 250

/** A request reads the head again if the last read is older than this. */
const REFRESH_AGE_MS = 100

/** The longest interval between reads of the head while a request waits for a block. Notifications shorten it. */
const NOTIFIED_INTERVAL_MS = 250
const POLL_INTERVAL_MS = 50

/** The shortest interval between reads of the head after a notification. */
const MIN_INTERVAL_MS = 5

/**
 * Notifies that the index may have a new head. A notification may come twice, late, never, or before the database of
 * this process has the block. So it only changes when the head is read next.
 */
export type BlockNotifications = {
  /** Whether notifications can arrive now. */
  isLive(): boolean
  subscribe(listener: () => void): void
}

/** For which block hash and second an answer is valid. The second decides which runs are claimable. */
export type Validity = { hash: Hex; now: number }

type Options = {
  /** Reads the head and passes it to `record`. @throws Problem INDEX_BEHIND if the database cannot be read. */
  readHead: () => Promise<unknown>
  /** This machine's time in milliseconds. */
  clock: () => number
  notifications?: BlockNotifications | undefined
}

type Waiter = {
  isMet: (snapshot: Snapshot) => boolean
  resolve: (snapshot: Snapshot | undefined) => void
  reject: (error: unknown) => void
}

/**
 * The latest head of the index that this process has read. All requests that wait for a block, or check for a new one,
 * share each read of the head. It is read after a notification and at an interval, but only while a request needs it.
 */
export class HeadFeed {
  readonly #options: Options
  readonly #waiting = new Set<Waiter>()
  #latest: { snapshot: Snapshot | undefined; startedAt: number } | undefined
  #reading: Promise<unknown> | undefined
  #notifiedAt = Number.NEGATIVE_INFINITY
  #neededAt = Number.NEGATIVE_INFINITY
  #isPolling = false
  #wake = () => {}

  constructor(options: Options) {
    this.#options = options
    options.notifications?.subscribe(() => this.#onNotification())
  }

  /** The head that was read last, of any age and perhaps inconsistent; undefined if the index had no block. */
  get last(): Snapshot | undefined {
    return this.#latest?.snapshot
  }

  /**
   * Records the head that a read returned. Reads may end in another order than they started in. So a head is ignored
   * if its read started earlier than the recorded one and its block is not later.
   * @param startedAt when the read started, by `performance.now()`.
   */
  record(snapshot: Snapshot | undefined, startedAt: number) {
    const isOutdated = this.#latest && startedAt < this.#latest.startedAt && !isLater(snapshot, this.#latest.snapshot)
    if (isOutdated) return
    this.#latest = { snapshot, startedAt }
    if (snapshot === undefined) return
    for (const { isMet, resolve } of this.#waiting) if (isMet(snapshot)) resolve(snapshot)
  }

  /**
   * The validity of an answer that would be read now, as far as this process knows without a read. Answers of equal
   * validity have equal bytes. Undefined if no head was read in the last 250 ms, or if it was inconsistent.
   *
   * It is never older than any answer of this process, such as the answer to a claim.
   */
  validity(): Validity | undefined {
    if (this.#latest === undefined) return undefined
    const now = performance.now()
    this.#neededAt = now
    const age = now - this.#latest.startedAt
    if (age > REFRESH_AGE_MS) this.#refreshSilently()
    return age > MAX_AGE_MS ? undefined : this.lastValidity()
  }

  /** As `validity`, but of any age. */
  lastValidity(): Validity | undefined {
    if (!this.last || !isConsistent(this.last)) return undefined
    const { hash, timestamp } = this.last
    return { hash, now: Math.max(Number(timestamp), Math.floor(this.#options.clock() / 1_000)) }
  }

  /**
   * Reads the head. Concurrent calls share a read.
   * @throws Problem INDEX_BEHIND if the database cannot be read.
   */
  refresh(): Promise<unknown> {
    this.#reading ??= this.#options.readHead().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  /**
   * Waits for a head that meets the condition. The last one that was read counts too.
   * @returns undefined if there is none until `signal` aborts.
   * @throws Problem INDEX_BEHIND if the database cannot be read.
   */
  async until(isMet: Waiter['isMet'], signal: AbortSignal): Promise<Snapshot | undefined> {
    if (signal.aborted) return undefined
    if (this.last && isMet(this.last)) return this.last
    const { promise, ...settle } = Promise.withResolvers<Snapshot | undefined>()
    const waiter = { isMet, ...settle }
    const stopWaiting = () => waiter.resolve(undefined)
    signal.addEventListener('abort', stopWaiting, { once: true })
    this.#waiting.add(waiter)
    if (!this.#isPolling) void this.#poll()
    try {
      return await promise
    } finally {
      signal.removeEventListener('abort', stopWaiting)
      this.#waiting.delete(waiter)
    }
  }

  /**
   * Waits for a consistent head other than `known`. It may skip blocks, and after a reorg its number may be lower.
   * @returns undefined if there is none until `signal` aborts.
   * @throws Problem INDEX_BEHIND if the database cannot be read.
   */
  after(known: Hex | undefined, signal: AbortSignal): Promise<Snapshot | undefined> {
    return this.until((snapshot) => isConsistent(snapshot) && snapshot.hash !== known, signal)
  }

  async #poll() {
    this.#isPolling = true
    while (this.#waiting.size > 0) {
      await this.#pause()
      await this.refresh().catch((error) => {
        for (const { reject } of this.#waiting) reject(error)
      })
    }
    this.#isPolling = false
  }

  /**
   * Waits until the next read of the head is due. The interval between two reads is the age of the last notification.
   * So reads are frequent just after a notification, because a standby database gets the block a moment later.
   */
  async #pause() {
    const now = performance.now()
    const longest = this.#options.notifications?.isLive() ? NOTIFIED_INTERVAL_MS : POLL_INTERVAL_MS
    const interval = Math.min(Math.max(now - this.#notifiedAt, MIN_INTERVAL_MS), longest)
    const sinceRead = now - (this.#latest?.startedAt ?? Number.NEGATIVE_INFINITY)
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, Math.max(interval - sinceRead, 0))
    this.#wake = resolve
    await promise
    clearTimeout(timer)
  }

  #onNotification() {
    const now = performance.now()
    this.#notifiedAt = now
    this.#wake()
    if (now - this.#neededAt <= MAX_AGE_MS) this.#refreshSilently()
  }

  /** A failure needs no handling: the recorded head expires, and the next read reports the error. */
  #refreshSilently() {
    this.refresh().catch(() => undefined)
  }
}

function isLater(snapshot: Snapshot | undefined, than: Snapshot | undefined) {
  return snapshot !== undefined && (than === undefined || snapshot.number > than.number)
}
