import type { Hex } from 'viem'
import { isConsistent, type Snapshot } from './snapshot.ts'

/** After how long what was seen may no longer be taken for the present. Milliseconds. */
const MAX_AGE = 250

/** After how long the head is looked at again, if anyone asks. Milliseconds. */
const REFRESH_AGE = 100

/** How often the head is looked at while anyone waits: hints make that the exception, not the rule. Milliseconds. */
const HINTED_INTERVAL = 250
const UNHINTED_INTERVAL = 50

/** Between two looks for what a hint has announced. Milliseconds. */
const LEAST_INTERVAL = 5

/**
 * Tells that the index may have another head. Only a hint: it may come twice, late, before this reader's database has
 * the block, or not at all, and moves no more than the time of the next look.
 */
export type Hints = {
  /** Whether hints can be expected. */
  isLive(): boolean
  subscribe(hint: () => void): void
}

/** What an answer is of: its block, by its hash, and the second for which it says what is claimable. */
export type Present = { hash: Hex; now: number }

type Options = {
  /** Reads the head, and tells it to `note`. @throws Problem INDEX_BEHIND if the database cannot be read. */
  look: () => Promise<unknown>
  /** This machine's time in milliseconds. */
  clock: () => number
  hints?: Hints | undefined
}

type Waiter = {
  isMet: (snapshot: Snapshot) => boolean
  resolve: (snapshot: Snapshot | undefined) => void
  reject: (error: unknown) => void
}

/**
 * The index's head as this process knows it, for everyone who waits for a block or asks whether there is another one.
 * However many do, it is looked at once for all of them: at a hint, and at an interval; not at all while nobody does.
 */
export class HeadFeed {
  readonly #options: Options
  readonly #waiting = new Set<Waiter>()
  #seen: { snapshot: Snapshot | undefined; askedAt: number } | undefined
  #looking: Promise<unknown> | undefined
  #hintedAt = Number.NEGATIVE_INFINITY
  #wantedAt = Number.NEGATIVE_INFINITY
  #isWatched = false
  #wake = () => {}

  constructor(options: Options) {
    this.#options = options
    options.hints?.subscribe(() => this.#hint())
  }

  /** What was last seen, whole or not, however long ago; undefined if the index had no block then. */
  get last(): Snapshot | undefined {
    return this.#seen?.snapshot
  }

  /**
   * Takes in what a read saw that began at `askedAt`, by `performance.now()`.
   * Statements may end in another order than they were asked in: what began before, and saw less, is past.
   */
  note(snapshot: Snapshot | undefined, askedAt: number) {
    const isPast = this.#seen && askedAt < this.#seen.askedAt && !isLater(snapshot, this.#seen.snapshot)
    if (isPast) return
    this.#seen = { snapshot, askedAt }
    if (snapshot === undefined) return
    for (const { isMet, resolve } of this.#waiting) if (isMet(snapshot)) resolve(snapshot)
  }

  /**
   * The block and second that a read would now be of, as far as is known without reading: an answer of the same is the
   * same to the byte. Undefined if nothing was read in the last 250 ms, or what was read was not whole.
   *
   * It is never older than any answer of this process, such as a claim's.
   */
  present(): Present | undefined {
    if (this.#seen === undefined) return undefined
    const now = performance.now()
    this.#wantedAt = now
    const age = now - this.#seen.askedAt
    if (age > REFRESH_AGE) this.#refreshSilently()
    return age > MAX_AGE ? undefined : this.lastPresent()
  }

  /** `present`, however long ago it was. */
  lastPresent(): Present | undefined {
    if (!this.last || !isConsistent(this.last)) return undefined
    const { hash, timestamp } = this.last
    return { hash, now: Math.max(Number(timestamp), Math.floor(this.#options.clock() / 1_000)) }
  }

  /**
   * Looks at the head, one look for all who ask meanwhile.
   * @throws Problem INDEX_BEHIND if the database cannot be read.
   */
  refresh(): Promise<unknown> {
    this.#looking ??= this.#options.look().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  /**
   * The first head that meets the condition, of those seen from now on or last.
   * @returns undefined if there is none until `signal` aborts.
   * @throws Problem INDEX_BEHIND if the database cannot be read.
   */
  async until(isMet: Waiter['isMet'], signal: AbortSignal): Promise<Snapshot | undefined> {
    if (signal.aborted) return undefined
    if (this.last && isMet(this.last)) return this.last
    const { promise, ...settle } = Promise.withResolvers<Snapshot | undefined>()
    const waiter = { isMet, ...settle }
    const giveUp = () => waiter.resolve(undefined)
    signal.addEventListener('abort', giveUp, { once: true })
    this.#waiting.add(waiter)
    if (!this.#isWatched) void this.#watch()
    try {
      return await promise
    } finally {
      signal.removeEventListener('abort', giveUp)
      this.#waiting.delete(waiter)
    }
  }

  /**
   * The index's head once it is another than `known`, and whole: rows, events and state are those of its block.
   * Blocks may be passed over, and after a reorg the number may be lower.
   * @returns undefined if there is none until `signal` aborts.
   * @throws Problem INDEX_BEHIND if the database cannot be read.
   */
  after(known: Hex | undefined, signal: AbortSignal): Promise<Snapshot | undefined> {
    return this.until((snapshot) => isConsistent(snapshot) && snapshot.hash !== known, signal)
  }

  async #watch() {
    this.#isWatched = true
    while (this.#waiting.size > 0) {
      await this.#pause()
      await this.refresh().catch((error) => {
        for (const { reject } of this.#waiting) reject(error)
      })
    }
    this.#isWatched = false
  }

  /**
   * Waits until the next look is due. The interval between two looks is the age of the last hint: a standby has the
   * block a moment after the primary's hint, so the looks that follow a hint are close together at first.
   */
  async #pause() {
    const now = performance.now()
    const longest = this.#options.hints?.isLive() ? HINTED_INTERVAL : UNHINTED_INTERVAL
    const interval = Math.min(Math.max(now - this.#hintedAt, LEAST_INTERVAL), longest)
    const sinceLook = now - (this.#seen?.askedAt ?? Number.NEGATIVE_INFINITY)
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, Math.max(interval - sinceLook, 0))
    this.#wake = resolve
    await promise
    clearTimeout(timer)
  }

  #hint() {
    const now = performance.now()
    this.#hintedAt = now
    this.#wake()
    if (now - this.#wantedAt <= MAX_AGE) this.#refreshSilently()
  }

  /** If it fails, nothing is known once what was seen is too old, and the next read tells why. */
  #refreshSilently() {
    this.refresh().catch(() => undefined)
  }
}

function isLater(snapshot: Snapshot | undefined, than: Snapshot | undefined) {
  return snapshot !== undefined && (than === undefined || snapshot.number > than.number)
}
