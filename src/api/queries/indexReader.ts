import { Problem } from '../http/errors.ts'
import { createBlockHighWaterMark } from './blockHighWaterMark.ts'
import { classifyReadError } from './failures.ts'
import { HeadFeed, type Hints } from './headFeed.ts'
import {
  type Database,
  isConsistent,
  type Snapshot,
  type SnapshotQuery,
  type SnapshotResult,
  snapshotOnly,
} from './snapshot.ts'

/** How long a read waits while the index rewinds (a reorg, a restart) or does not exist yet. Milliseconds. */
const REWIND_TIMEOUT = 1_000

/** How long a read waits for its `minBlock`. Milliseconds. */
const MIN_BLOCK_TIMEOUT = 5_000

/**
 * How far beyond the chain's latest block a `minBlock` may be, in blocks: the latest block is known with a delay of
 * seconds, in which a fast chain makes many.
 */
const MAX_BLOCKS_AHEAD = 10_000n

type Options = {
  /** This machine's time in milliseconds. */
  clock?: (() => number) | undefined
  hints?: Hints | undefined
  /** The latest block that an earlier process, or another, may have shown. */
  shownBefore?: bigint
  /** The chain's latest block as this process knows it; undefined if it does not. */
  latestBlock?: () => bigint | undefined
}

/**
 * Reads the indexer's tables, one statement per answer, and vouches for the answer.
 *
 * Ponder commits a block's rows, `head` and checkpoint together. Only while rows are reverted and replayed does the
 * checkpoint differ from `head`: what is read then is no state the market ever had, and is not served. Nor is a block
 * before one that was served, for a while: a client would miss what it has seen.
 */
export class IndexReader {
  /** What is known of the index's head: every read adds to it. */
  readonly head: HeadFeed
  readonly #db: Database
  readonly #chainId: number
  readonly #clock: () => number
  readonly #isForward: (number: bigint) => boolean
  readonly #latestBlock: () => bigint | undefined

  constructor(
    db: Database,
    chainId: number,
    { clock = Date.now, hints, shownBefore = 0n, latestBlock = () => undefined }: Options = {},
  ) {
    this.#db = db
    this.#latestBlock = latestBlock
    this.#chainId = chainId
    this.#clock = clock
    this.#isForward = createBlockHighWaterMark(clock, shownBefore)
    this.head = new HeadFeed({ look: () => this.look(), clock, hints })
  }

  /**
   * Runs the query on a snapshot that is whole and at `minBlock` or later, waiting for one, bounded.
   * @throws Problem INDEX_BEHIND if there is none in time, or the database cannot be read.
   */
  async read<T>(query: SnapshotQuery<T>, minBlock = 0n): Promise<SnapshotResult<T>> {
    await this.reach(minBlock)
    const isServable = this.#servable(minBlock)
    let signal: AbortSignal | undefined
    for (;;) {
      const taken = await this.#take(query)
      if (taken && isServable(taken.snapshot)) return taken
      signal ??= AbortSignal.timeout(REWIND_TIMEOUT)
      if (!(await this.head.until(isServable, signal))) throw behind(this.head.last, minBlock)
    }
  }

  /**
   * Waits, bounded, until the index is known to be at `minBlock` or later. Reads that wait share each look at the head,
   * so that a read of a block that is not indexed costs nothing of its own until it is.
   * @throws Problem VALIDATION_FAILED if the chain will not have the block for long. INDEX_BEHIND if it is not indexed
   * in time, or the database cannot be read.
   */
  async reach(minBlock: bigint): Promise<void> {
    const { last } = this.head
    const isServable = this.#servable(minBlock)
    if (minBlock === 0n || (last && isServable(last))) return
    const latest = this.#latestBlock()
    if (latest !== undefined && minBlock > latest + MAX_BLOCKS_AHEAD) throw beyondChain(minBlock, latest)
    const reached = await this.head.until(isServable, AbortSignal.timeout(MIN_BLOCK_TIMEOUT))
    if (!reached) throw behind(this.head.last, minBlock)
  }

  /**
   * The index as it is, without waiting; undefined while it is empty.
   * @throws Problem INDEX_BEHIND if the database cannot be read.
   */
  async look(): Promise<{ snapshot: Snapshot; isCurrent: boolean } | undefined> {
    const taken = await this.#take(snapshotOnly)
    return taken && { snapshot: taken.snapshot, isCurrent: this.#isCurrent(taken.snapshot) }
  }

  #servable(minBlock: bigint) {
    return (snapshot: Snapshot) => this.#isCurrent(snapshot) && snapshot.number >= minBlock
  }

  /** A whole block may still be one that the index passes again on its way to where it was: after a restart, it may. */
  #isCurrent(snapshot: Snapshot): boolean {
    return isConsistent(snapshot) && this.#isForward(snapshot.number)
  }

  async #take<T>(query: SnapshotQuery<T>, retry = true): Promise<SnapshotResult<T> | undefined> {
    const askedAt = performance.now()
    try {
      const taken = await query(this.#db, { chainId: this.#chainId, clock: Math.floor(this.#clock() / 1_000) })
      this.head.note(taken?.snapshot, askedAt)
      return taken
    } catch (error) {
      const failure = classifyReadError(error)
      if (failure === undefined) throw error
      if (failure === 'missing') {
        this.head.note(undefined, askedAt)
        return undefined
      }
      if (failure === 'passing' && retry) return this.#take(query, false)
      throw new Problem('INDEX_BEHIND', 'The index cannot be read now.', { headers: RETRY_SOON, cause: error })
    }
  }
}

const RETRY_SOON = { 'Retry-After': '1' }

function beyondChain(minBlock: bigint, latest: bigint) {
  const limit = `must be at most ${MAX_BLOCKS_AHEAD} beyond the chain's latest block ${latest}`
  const extensions = { field: 'minBlock', value: minBlock.toString() }
  return new Problem('VALIDATION_FAILED', `minBlock: ${limit}, got ${minBlock}.`, { extensions })
}

function behind(snapshot: Snapshot | undefined, minBlock: bigint) {
  if (snapshot === undefined) {
    return new Problem('INDEX_BEHIND', 'No block is indexed yet.', { headers: RETRY_SOON })
  }
  const extensions = { indexedBlock: Number(snapshot.number) }
  return new Problem('INDEX_BEHIND', whereItIs(snapshot, minBlock), { extensions, headers: RETRY_SOON })
}

function whereItIs(snapshot: Snapshot, minBlock: bigint): string {
  const { number, checkpoint } = snapshot
  if (!isConsistent(snapshot)) return `The index is replaying block ${number} on its way to block ${checkpoint}.`
  if (number < minBlock) return `The index is at block ${number}, before minBlock ${minBlock}.`
  return `The index is at block ${number} again, on its way to where it was.`
}
