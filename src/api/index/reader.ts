import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import type pg from 'pg'
import { classifyReadError } from '../../../core/database/failures.ts'
import { createFairLane } from '../../../core/fairLane.ts'
import { Problem, refusedValue } from '../http/errors.ts'
import { createBlockHighWaterMark, readHighestBlock } from './forward.ts'
import { type BlockNotifications, HeadFeed } from './head.ts'
import { beginSnapshot, isConsistent, type Moment, readSnapshot, type Snapshot } from './snapshot.ts'

/** How long a read waits while the index replays blocks (a reorg, a restart) or has no block yet. */
const REPLAY_TIMEOUT_MS = 1_000

/** How long a read waits for its `minBlock`. */
const MIN_BLOCK_TIMEOUT_MS = 5_000

/**
 * How far beyond the chain's latest block a `minBlock` may be, in blocks: the latest block is known with a delay of
 * seconds, in which a fast chain makes many.
 */
const MAX_BLOCKS_AHEAD = 10_000n

/**
 * How many reads of a network may wait for a connection, and how long: the networks take turns, so that one which sends many
 * reads delays its own. Longer waits come from a database that does not answer.
 */
const MAX_WAITING = 2_000
const TURN_TIMEOUT_MS = 5_000

/** The network of this process's own reads. */
const OWN = 'this server'

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
  latestBlock?: (() => bigint | undefined) | undefined
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
  readonly #options: Options
  readonly #clock: () => number
  readonly #inTurn: ReturnType<typeof createFairLane>
  /** Whether a block may be shown. No block may before the process knows which ones were shown before its start. */
  #isForward: ((number: bigint) => boolean) | undefined

  constructor(pool: pg.Pool, chainId: number, options: Options = {}) {
    this.#pool = pool
    this.#chainId = chainId
    this.#options = options
    this.#clock = options.clock ?? Date.now
    this.#inTurn = createFairLane({
      concurrency: pool.options.max,
      maxWaitingPerClient: MAX_WAITING,
      waiting: 'reads wait for a connection',
      refuseFull: (detail) => new Problem('RATE_LIMITED', detail, { headers: { 'Retry-After': '1' } }),
      refuseGone: () => indexBehind(`No connection to the database was free for ${TURN_TIMEOUT_MS / 1_000} s.`),
    })
    this.head = new HeadFeed({ ...options, readHead: () => this.readHead(), clock: this.#clock })
  }

  /**
   * Reads in one transaction at a consistent block, `minBlock` or later. It waits for one, up to a timeout.
   * @param network of the client, which takes turns with others.
   * @throws Problem INDEX_BEHIND if there is none in time, or the database cannot be read. RATE_LIMITED if too many reads of
   * the network wait.
   */
  async read<T>(minBlock: bigint | undefined, read: Read<T>, network = OWN): Promise<ReadResult<T>> {
    await this.reach(minBlock)
    const isServable = this.#servable(minBlock)
    const turn = { client: network, gone: AbortSignal.timeout(TURN_TIMEOUT_MS) }
    let signal: AbortSignal | undefined
    for (;;) {
      const result = await this.#attempt(() => this.#inTurn(turn, () => this.#transact(read, isServable)))
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
    const latest = this.#options.latestBlock?.()
    if (latest !== undefined && minBlock > latest + MAX_BLOCKS_AHEAD) {
      const rule = `must be at most ${MAX_BLOCKS_AHEAD} beyond the chain's latest block ${latest}`
      throw refusedValue('minBlock', rule, minBlock.toString())
    }
    const reached = await this.head.until(isServable, AbortSignal.timeout(MIN_BLOCK_TIMEOUT_MS))
    if (!reached) throw behind(this.head.last, minBlock)
  }

  /**
   * Reads the head without waiting; undefined while no block is indexed.
   * @throws Problem INDEX_BEHIND if the database cannot be read.
   */
  async readHead(): Promise<{ snapshot: Snapshot; isCurrent: boolean } | undefined> {
    const snapshot = await this.#attempt(() => this.#look((moment) => readSnapshot(this.#pool, moment)))
    return snapshot && { snapshot, isCurrent: this.#isCurrent(snapshot) }
  }

  /** Records the head that is read. */
  async #look(read: (moment: Moment) => Promise<Snapshot | undefined>): Promise<Snapshot | undefined> {
    const askedAt = performance.now()
    const snapshot = await read({ chainId: this.#chainId, clock: this.#clock() })
    this.head.record(snapshot, askedAt)
    return snapshot
  }

  #servable(minBlock = 0n) {
    return (snapshot: Snapshot) => this.#isCurrent(snapshot) && snapshot.number >= minBlock
  }

  /** After a restart, the index passes consistent blocks that it had before: they are not current. */
  #isCurrent(snapshot: Snapshot): boolean {
    return isConsistent(snapshot) && this.#isForward?.(snapshot.number) === true
  }

  /** @returns undefined if the block at which the transaction reads may not be served. */
  async #transact<T>(read: Read<T>, isServable: (snapshot: Snapshot) => boolean): Promise<ReadResult<T> | undefined> {
    const client = await this.#pool.connect()
    let isKept = false
    try {
      const snapshot = await this.#look((moment) => beginSnapshot(client, moment))
      const result =
        snapshot && isServable(snapshot)
          ? { snapshot, data: await read(drizzle(client, { casing: 'snake_case' }), snapshot) }
          : undefined
      isKept = true
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

  /** Reads, before anything else, below which block this process may not answer. */
  async #start() {
    if (this.#isForward) return
    const highest = await readHighestBlock(this.#pool)
    this.#isForward ??= createBlockHighWaterMark(this.#clock, highest, this.#options.latestBlock)
  }

  /** @returns undefined while there are no tables. */
  async #attempt<T>(run: () => Promise<T>, retry = true): Promise<T | undefined> {
    const askedAt = performance.now()
    const orphaned = this.#options.orphaned?.()
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
        throw indexBehind(OTHER_VERSION, { cause: new Error(UPGRADE_ORDER, { cause: error }) })
      }
      if (failure === 'transient' && retry) return this.#attempt(run, false)
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

/** Why a read fails where the tables of the index lack a column, and what the log says. */
export const OTHER_VERSION = 'The index is of another version than this server.'
const UPGRADE_ORDER =
  'The index is newer or older than this API. If the newer version adds the column, upgrade the indexer; if it removes the column, upgrade the API: see docs/operations.md'

function indexBehind(detail: string, extras: { extensions?: Record<string, unknown>; cause?: unknown } = {}) {
  return new Problem('INDEX_BEHIND', detail, { headers: { 'Retry-After': '1' }, ...extras })
}

function behind(snapshot: Snapshot | undefined, minBlock = 0n) {
  if (snapshot === undefined) return indexBehind('No block is indexed yet.')
  const { number, checkpoint } = snapshot
  const extras = { extensions: { indexedBlock: Number(number) } }
  if (!isConsistent(snapshot))
    return indexBehind(`The index is replaying block ${number}, up to block ${checkpoint}.`, extras)
  if (number < minBlock) return indexBehind(`The index is at block ${number}, before minBlock ${minBlock}.`, extras)
  return indexBehind(`The index is replaying block ${number}, which it had indexed before.`, extras)
}
