import { classifyReadError } from '../../../core/database/failures.ts'
import { Problem } from '../http/errors.ts'
import { createBlockHighWaterMark } from './blockHighWaterMark.ts'
import { type BlockNotifications, HeadFeed } from './headFeed.ts'
import { readHighestBlock } from './highestBlock.ts'
import {
  type Database,
  isConsistent,
  type Snapshot,
  type SnapshotQuery,
  type SnapshotResult,
  snapshotOnly,
} from './snapshot.ts'

/** How long a read waits while the index replays blocks (a reorg, a restart) or has no block yet. */
const REPLAY_TIMEOUT_MS = 1_000

/** How long a read waits for its `minBlock`. */
const MIN_BLOCK_TIMEOUT_MS = 5_000

/**
 * How far beyond the chain's latest block a `minBlock` may be, in blocks: the latest block is known with a delay of
 * seconds, in which a fast chain makes many.
 */
const MAX_BLOCKS_AHEAD = 10_000n

type Options = {
  /** This machine's time in milliseconds. */
  clock?: (() => number) | undefined
  notifications?: BlockNotifications | undefined
  /** Why the index is of an orphaned branch, in a sentence; undefined if it is not. */
  orphaned?: (() => string | undefined) | undefined
  /** The chain's latest block as this process knows it; undefined if it does not. */
  latestBlock?: () => bigint | undefined
}

/**
 * Reads the indexer's tables, with one statement per answer, and returns only consistent answers.
 *
 * Ponder commits a block's rows, `head` and checkpoint together. While it reverts and replays rows, the checkpoint
 * differs from `head`, and the rows are a state that the market never had: such a read is repeated. A block before one
 * that was served is not served either, for a limited time, because clients would miss changes that they have seen.
 */
export class IndexReader {
  /** The latest head that any read saw. */
  readonly head: HeadFeed
  readonly #db: Database
  readonly #chainId: number
  readonly #clock: () => number
  readonly #orphaned: () => string | undefined
  readonly #latestBlock: () => bigint | undefined
  #started: Promise<void> | undefined
  /** Whether a block may be shown. No block may before the process knows which ones were shown before its start. */
  #isForward: (number: bigint) => boolean = () => false
  /** A query that failed because the tables lack a column. */
  #unanswerable: SnapshotQuery<unknown> | undefined

  constructor(
    db: Database,
    chainId: number,
    { clock = Date.now, notifications, orphaned = () => undefined, latestBlock = () => undefined }: Options = {},
  ) {
    this.#db = db
    this.#latestBlock = latestBlock
    this.#chainId = chainId
    this.#clock = clock
    this.#orphaned = orphaned
    this.head = new HeadFeed({ readHead: () => this.readHead(), clock, notifications })
  }

  /**
   * Runs the query on a consistent snapshot at `minBlock` or later. It waits for one, up to a timeout.
   * @throws Problem INDEX_BEHIND if there is none in time, or the database cannot be read.
   */
  async read<T>(query: SnapshotQuery<T>, minBlock = 0n): Promise<SnapshotResult<T>> {
    await this.reach(minBlock)
    const isServable = this.#servable(minBlock)
    let signal: AbortSignal | undefined
    for (;;) {
      const result = await this.#readOnce(query)
      if (result && isServable(result.snapshot)) return result
      signal ??= AbortSignal.timeout(REPLAY_TIMEOUT_MS)
      if (!(await this.head.until(isServable, signal))) throw behind(this.head.last, minBlock)
    }
  }

  /**
   * Waits, up to a timeout, until the index is at `minBlock` or later. All waiting reads share each read of the head,
   * so that a read that waits for a later block costs nothing until the block is indexed.
   * @throws Problem VALIDATION_FAILED if the chain will not have the block for long. INDEX_BEHIND if it is not indexed
   * in time, or the database cannot be read.
   */
  async reach(minBlock: bigint): Promise<void> {
    const { last } = this.head
    const isServable = this.#servable(minBlock)
    if (minBlock === 0n || (last && isServable(last))) return
    const latest = this.#latestBlock()
    if (latest !== undefined && minBlock > latest + MAX_BLOCKS_AHEAD) throw beyondChain(minBlock, latest)
    const reached = await this.head.until(isServable, AbortSignal.timeout(MIN_BLOCK_TIMEOUT_MS))
    if (!reached) throw behind(this.head.last, minBlock)
  }

  /**
   * Reads the head without waiting; undefined while no block is indexed.
   * @throws Problem INDEX_BEHIND if the database cannot be read.
   */
  async readHead(): Promise<{ snapshot: Snapshot; isCurrent: boolean } | undefined> {
    const result = await this.#readOnce(snapshotOnly)
    return result && { snapshot: result.snapshot, isCurrent: this.#isCurrent(result.snapshot) }
  }

  /** Whether a query failed because the tables lack a column, and still would. */
  async isOfAnotherVersion(): Promise<boolean> {
    if (this.#unanswerable === undefined) return false
    // It fails as before, or for another reason that the caller learns when it reads the head.
    await this.#readOnce(this.#unanswerable).catch(() => undefined)
    return this.#unanswerable !== undefined
  }

  #servable(minBlock: bigint) {
    return (snapshot: Snapshot) => this.#isCurrent(snapshot) && snapshot.number >= minBlock
  }

  /** After a restart, the index passes consistent blocks that it had before: they are not current. */
  #isCurrent(snapshot: Snapshot): boolean {
    return isConsistent(snapshot) && this.#isForward(snapshot.number)
  }

  /** Reads, once, below which block this process may not answer. After a failure, the next call tries again. */
  #start(): Promise<void> {
    this.#started ??= readHighestBlock(this.#db).then(
      (highest) => {
        this.#isForward = createBlockHighWaterMark(this.#clock, highest, this.#latestBlock)
      },
      (error) => {
        this.#started = undefined
        throw error
      },
    )
    return this.#started
  }

  async #readOnce<T>(query: SnapshotQuery<T>, retry = true): Promise<SnapshotResult<T> | undefined> {
    const askedAt = performance.now()
    const orphaned = this.#orphaned()
    if (orphaned !== undefined) {
      this.head.record(undefined, askedAt)
      throw indexBehind(orphaned)
    }
    try {
      await this.#start()
      const result = await query(this.#db, { chainId: this.#chainId, clock: Math.floor(this.#clock() / 1_000) })
      this.head.record(result?.snapshot, askedAt)
      if (query === this.#unanswerable) this.#unanswerable = undefined
      return result
    } catch (error) {
      const failure = classifyReadError(error)
      if (failure === undefined) throw error
      if (failure === 'missing') {
        this.head.record(undefined, askedAt)
        return undefined
      }
      if (failure === 'schema') {
        this.#unanswerable = query
        const cause = new Error(UPGRADE_ORDER, { cause: error })
        throw indexBehind('The index is of another version than this server.', { cause })
      }
      if (failure === 'transient' && retry) return this.#readOnce(query, false)
      throw indexBehind('The index cannot be read now.', { cause: error })
    }
  }
}

/** What the log says where the tables of the index lack a column. */
const UPGRADE_ORDER =
  'The index is newer or older than this API. If the newer version adds the column, upgrade the indexer; if it removes the column, upgrade the API: see docs/operations.md'

function indexBehind(detail: string, extras: { extensions?: Record<string, unknown>; cause?: unknown } = {}) {
  return new Problem('INDEX_BEHIND', detail, { headers: { 'Retry-After': '1' }, ...extras })
}

function beyondChain(minBlock: bigint, latest: bigint) {
  const limit = `must be at most ${MAX_BLOCKS_AHEAD} beyond the chain's latest block ${latest}`
  const extensions = { field: 'minBlock', value: minBlock.toString() }
  return new Problem('VALIDATION_FAILED', `minBlock: ${limit}, got ${minBlock}.`, { extensions })
}

function behind(snapshot: Snapshot | undefined, minBlock: bigint) {
  if (snapshot === undefined) return indexBehind('No block is indexed yet.')
  return indexBehind(describeProgress(snapshot, minBlock), { extensions: { indexedBlock: Number(snapshot.number) } })
}

function describeProgress(snapshot: Snapshot, minBlock: bigint): string {
  const { number, checkpoint } = snapshot
  if (!isConsistent(snapshot)) return `The index is replaying block ${number}, up to block ${checkpoint}.`
  if (number < minBlock) return `The index is at block ${number}, before minBlock ${minBlock}.`
  return `The index is replaying block ${number}, which it had indexed before.`
}
