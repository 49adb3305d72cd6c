import { setTimeout as sleep } from 'node:timers/promises'
import type { Hex } from 'viem'
import { Problem } from '../errors.ts'
import { classifyReadError } from './failures.ts'
import { type Database, type Snapshot, type SnapshotQuery, snapshotOnly, type Taken } from './snapshot.ts'

/** How long a read waits while the index rewinds (a reorg, a restart) or does not exist yet. Milliseconds. */
const REWIND_PATIENCE = 1_000

/** How long a read waits that named a `minBlock`. Milliseconds. */
const MIN_BLOCK_PATIENCE = 5_000

/** How often the head is looked at while any read waits. Milliseconds. */
const LOOK_INTERVAL = 50

/** After how long a snapshot may no longer be taken for the present one. Milliseconds. */
const MAX_AGE = 250

/** After how long the head is looked at again, if anyone asks. Milliseconds. */
const REFRESH_AGE = 100

/**
 * Reads the indexer's tables, one statement per answer, and vouches for the answer.
 *
 * Ponder commits a block's rows, `head` and checkpoint together. Only while rows are reverted and replayed does the
 * checkpoint differ from `head`: what is read then is no state the market ever had, and is not served.
 */
export class IndexReader {
  readonly #db: Database
  readonly #chainId: number
  readonly #clock: () => number
  #look: ReturnType<IndexReader['look']> | undefined
  #refresh: Promise<unknown> | undefined
  #latest: { snapshot: Snapshot; askedAt: number } | undefined

  /** @param clock This machine's time in milliseconds. */
  constructor(db: Database, chainId: number, clock: () => number = Date.now) {
    this.#db = db
    this.#chainId = chainId
    this.#clock = clock
  }

  /**
   * Runs the query on a snapshot that is whole and at `minBlock` or later, waiting for one, bounded.
   * @throws Problem INDEX_BEHIND if there is none in time, or the database cannot be read.
   */
  async read<T>(query: SnapshotQuery<T>, minBlock?: bigint): Promise<Taken<T>> {
    const limit = performance.now() + (minBlock === undefined ? REWIND_PATIENCE : MIN_BLOCK_PATIENCE)
    let taken = await this.#take(query)
    let seen = taken?.snapshot
    while (taken === undefined || !isServable(taken.snapshot, minBlock)) {
      if (performance.now() >= limit) throw behind(seen, minBlock)
      seen = (await this.#nextLook())?.snapshot
      if (seen !== undefined && isServable(seen, minBlock)) taken = await this.#take(query)
    }
    return taken
  }

  /**
   * The index as it is, without waiting; undefined while it is empty.
   * @throws Problem INDEX_BEHIND if the database cannot be read.
   */
  async look(): Promise<{ snapshot: Snapshot; whole: boolean } | undefined> {
    const taken = await this.#take(snapshotOnly)
    return taken && { snapshot: taken.snapshot, whole: isWhole(taken.snapshot) }
  }

  /**
   * The block and second that a read would now be of, as far as is known without reading: an answer of the same is the
   * same to the byte. Undefined if nothing was read in the last 250 ms, or what was read was not whole.
   *
   * It is never older than any answer that this reader gave, such as a claim's.
   */
  present(): Present | undefined {
    const latest = this.#latest
    if (latest === undefined) return undefined
    const age = performance.now() - latest.askedAt
    // If it fails, nothing is known 150 ms from now, and the next read tells why.
    if (age > REFRESH_AGE) this.refresh().catch(() => undefined)
    return age > MAX_AGE ? undefined : this.lastSeen()
  }

  /** `present`, however long ago it was. */
  lastSeen(): Present | undefined {
    return this.#latest && presentOf(this.#latest.snapshot, this.#seconds())
  }

  /**
   * Looks at the head, one look for all who ask meanwhile.
   * @throws Problem INDEX_BEHIND if the database cannot be read.
   */
  refresh(): Promise<unknown> {
    this.#refresh ??= this.look().finally(() => {
      this.#refresh = undefined
    })
    return this.#refresh
  }

  #seconds() {
    return Math.floor(this.#clock() / 1_000)
  }

  /** Statements may end in another order than they were asked in: what began before, and saw less, is past. */
  #note(snapshot: Snapshot, askedAt: number) {
    const latest = this.#latest
    const isPast = latest && askedAt < latest.askedAt && snapshot.number <= latest.snapshot.number
    if (!isPast) this.#latest = isWhole(snapshot) ? { snapshot, askedAt } : undefined
  }

  /** All waiting reads share one look, so that any number of them costs one small statement per interval. */
  #nextLook(): ReturnType<IndexReader['look']> {
    this.#look ??= sleep(LOOK_INTERVAL)
      .then(() => this.look())
      .finally(() => {
        this.#look = undefined
      })
    return this.#look
  }

  async #take<T>(query: SnapshotQuery<T>, retry = true): Promise<Taken<T> | undefined> {
    const askedAt = performance.now()
    try {
      const taken = await query(this.#db, { chainId: this.#chainId, clock: this.#seconds() })
      if (taken) this.#note(taken.snapshot, askedAt)
      return taken
    } catch (error) {
      const failure = classifyReadError(error)
      if (failure === undefined) throw error
      if (failure === 'missing') return undefined
      if (failure === 'passing' && retry) return this.#take(query, false)
      throw new Problem('INDEX_BEHIND', 'The index cannot be read now.', { headers: RETRY_SOON, cause: error })
    }
  }
}

/** What an answer is of: its block, by its hash, and the second for which it says what is claimable. */
export type Present = { hash: Hex; now: number }

function presentOf({ hash, timestamp }: Snapshot, seconds: number): Present {
  return { hash, now: Math.max(Number(timestamp), seconds) }
}

const RETRY_SOON = { 'Retry-After': '1' }

function isWhole({ number, checkpoint }: Snapshot) {
  return number === checkpoint
}

function isServable(snapshot: Snapshot, minBlock = 0n) {
  return isWhole(snapshot) && snapshot.number >= minBlock
}

function behind(snapshot: Snapshot | undefined, minBlock: bigint | undefined) {
  if (snapshot === undefined) {
    return new Problem('INDEX_BEHIND', 'No block is indexed yet.', { headers: RETRY_SOON })
  }
  const extensions = { indexedBlock: Number(snapshot.number) }
  const detail = isWhole(snapshot)
    ? `The index is at block ${snapshot.number}, before minBlock ${minBlock}.`
    : `The index is replaying block ${snapshot.number} on its way to block ${snapshot.checkpoint}.`
  return new Problem('INDEX_BEHIND', detail, { extensions, headers: RETRY_SOON })
}
