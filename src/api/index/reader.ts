import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import type pg from 'pg'
import { classifyReadError } from '../../../core/database/failures.ts'
import { Problem } from '../http/errors.ts'
import { createBlockHighWaterMark, readHighestBlock } from './forward.ts'
import { type BlockNotifications, HeadFeed } from './head.ts'
import { beginSnapshot, isConsistent, readSnapshot, type Snapshot } from './snapshot.ts'

/** How long a read waits while the index replays blocks (a reorg, a restart) or has no block yet. */
const REPLAY_TIMEOUT_MS = 1_000

/** How long a read waits for its `minBlock`. */
const MIN_BLOCK_TIMEOUT_MS = 5_000

/**
 * How far beyond the chain's latest block a `minBlock` may be, in blocks: the latest block is known with a delay of
 * seconds, in which a fast chain makes many.
 */
const MAX_BLOCKS_AHEAD = 10_000n

/** The transaction of one answer. Every query in it sees the tables at the answer's block. */
export type Tx = Pick<NodePgDatabase, 'select' | 'selectDistinctOn' | 'execute'>

/**
 * Reads what one answer needs, by any queries. It waits for nothing else, because it keeps a connection, and it may be
 * called again after a failure.
 */
export type Read<T> = (tx: Tx, block: Snapshot) => Promise<T>

/** What was read, and the block at which it is true. */
export type ReadResult<T> = { snapshot: Snapshot; data: T }

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
 * Reads the indexer's tables, with one transaction per answer, and returns only consistent answers.
 *
 * Ponder commits a block's rows, `head` and checkpoint together. While it reverts and replays rows, the checkpoint
 * differs from `head`, and the rows are a state that the market never had: such a read is repeated. A block before one
 * that was served is not served either, for a limited time, because clients would miss changes that they have seen.
 */
export class IndexReader {
  /** The latest head that any read saw. */
  readonly head: HeadFeed
  readonly #pool: pg.Pool
  readonly #chainId: number
  readonly #clock: () => number
  readonly #orphaned: () => string | undefined
  readonly #latestBlock: () => bigint | undefined
  #started: Promise<void> | undefined
  /** Whether a block may be shown. No block may before the process knows which ones were shown before its start. */
  #isForward: (number: bigint) => boolean = () => false
  /** A read that failed because the tables lack a column. */
  #unanswerable: Read<unknown> | undefined

  constructor(
    pool: pg.Pool,
    chainId: number,
    { clock = Date.now, notifications, orphaned = () => undefined, latestBlock = () => undefined }: Options = {},
  ) {
    this.#pool = pool
    this.#latestBlock = latestBlock
    this.#chainId = chainId
    this.#clock = clock
    this.#orphaned = orphaned
    this.head = new HeadFeed({ readHead: () => this.readHead(), clock, notifications })
  }

  /**
   * Reads in one transaction at a consistent block, `minBlock` or later. It waits for one, up to a timeout.
   * @throws Problem INDEX_BEHIND if there is none in time, or the database cannot be read.
   */
  async read<T>(minBlock: bigint | undefined, read: Read<T>): Promise<ReadResult<T>> {
    await this.reach(minBlock)
    const isServable = this.#servable(minBlock)
    let signal: AbortSignal | undefined
    for (;;) {
      const result = await this.#attempt(() => this.#transact(read, isServable), read)
      if (result) return result
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
  async reach(minBlock = 0n): Promise<void> {
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
    const snapshot = await this.#attempt(async () => {
      const askedAt = performance.now()
      const head = await readSnapshot(this.#pool, this.#moment())
      this.head.record(head, askedAt)
      return head
    })
    return snapshot && { snapshot, isCurrent: this.#isCurrent(snapshot) }
  }

  /** Whether a read failed because the tables lack a column, and still would. */
  async isOfAnotherVersion(): Promise<boolean> {
    const read = this.#unanswerable
    if (read === undefined) return false
    // It fails as before, or for another reason that the caller learns when it reads the head.
    await this.#attempt(() => this.#transact(read, () => true), read).catch(() => undefined)
    return this.#unanswerable !== undefined
  }

  #moment() {
    return { chainId: this.#chainId, clock: Math.floor(this.#clock() / 1_000) }
  }

  #servable(minBlock = 0n) {
    return (snapshot: Snapshot) => this.#isCurrent(snapshot) && snapshot.number >= minBlock
  }

  /** After a restart, the index passes consistent blocks that it had before: they are not current. */
  #isCurrent(snapshot: Snapshot): boolean {
    return isConsistent(snapshot) && this.#isForward(snapshot.number)
  }

  /** @returns undefined if the block at which the transaction reads may not be served. */
  async #transact<T>(read: Read<T>, isServable: (snapshot: Snapshot) => boolean): Promise<ReadResult<T> | undefined> {
    const client = await this.#pool.connect()
    let isKept = false
    try {
      const askedAt = performance.now()
      const snapshot = await beginSnapshot(client, this.#moment())
      this.head.record(snapshot, askedAt)
      const result =
        snapshot && isServable(snapshot)
          ? { snapshot, data: await read(drizzle(client, { casing: 'snake_case' }), snapshot) }
          : undefined
      isKept = true
      if (this.#unanswerable === read) this.#unanswerable = undefined
      return result
    } catch (error) {
      isKept = error instanceof Problem
      throw error
    } finally {
      // The answer does not wait for the end of the transaction, which wrote nothing.
      if (isKept) void endTransaction(client)
      else client.release(true)
    }
  }

  /** Reads, once, below which block this process may not answer. After a failure, the next call tries again. */
  #start(): Promise<void> {
    this.#started ??= readHighestBlock(this.#pool).then(
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

  /**
   * @param read is remembered if the tables lack a column of it.
   * @returns undefined while there are no tables.
   */
  async #attempt<T>(run: () => Promise<T>, read?: Read<unknown>, retry = true): Promise<T | undefined> {
    const askedAt = performance.now()
    const orphaned = this.#orphaned()
    if (orphaned !== undefined) {
      this.head.record(undefined, askedAt)
      throw indexBehind(orphaned)
    }
    try {
      await this.#start()
      return await run()
    } catch (error) {
      const failure = classifyReadError(error)
      if (failure === undefined) throw error
      if (failure === 'missing') {
        this.head.record(undefined, askedAt)
        return undefined
      }
      if (failure === 'schema') {
        this.#unanswerable = read
        const cause = new Error(UPGRADE_ORDER, { cause: error })
        throw indexBehind('The index is of another version than this server.', { cause })
      }
      if (failure === 'transient' && retry) return this.#attempt(run, read, false)
      throw indexBehind('The index cannot be read now.', { cause: error })
    }
  }
}

/** A connection that fails here is closed: the next read opens another. */
const endTransaction = (client: pg.PoolClient) =>
  client.query('COMMIT').then(
    () => client.release(),
    () => client.release(true),
  )

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

function behind(snapshot: Snapshot | undefined, minBlock = 0n) {
  if (snapshot === undefined) return indexBehind('No block is indexed yet.')
  return indexBehind(describeProgress(snapshot, minBlock), { extensions: { indexedBlock: Number(snapshot.number) } })
}

function describeProgress(snapshot: Snapshot, minBlock: bigint): string {
  const { number, checkpoint } = snapshot
  if (!isConsistent(snapshot)) return `The index is replaying block ${number}, up to block ${checkpoint}.`
  if (number < minBlock) return `The index is at block ${number}, before minBlock ${minBlock}.`
  return `The index is replaying block ${number}, which it had indexed before.`
}
