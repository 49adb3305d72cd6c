import type pg from 'pg'
import { classifyReadError } from '../../../core/database/failures.ts'

/**
 * How long an index may be behind its highest block before its lower block is accepted. A restarted Ponder indexes the
 * blocks of the last minute or two again, and a reorg replaces as many; both take seconds. A chain that was rolled back
 * stays there.
 */
const ROLLBACK_TIMEOUT_MS = 30_000

/**
 * The highest block that readers of this index could see until now, from whichever process. The indexer stores it with
 * each block: see ops/builds/followBlocks.ts. A read replica has it as of the rows that it has.
 * @returns 0 if there was none, or where none is stored: `ponder dev`, which drops its tables at each reload.
 */
export async function readHighestBlock(db: Pick<pg.Pool, 'query'>): Promise<bigint> {
  const stored = await db.query('SELECT number FROM highest_block').catch((error) => {
    if (classifyReadError(error) !== 'missing') throw error
  })
  return BigInt(stored?.rows[0]?.number ?? 0)
}

/**
 * Tracks the highest block of the index, to recognise blocks that it indexes again. A database that failed over may stay
 * at a lower block for as long as no indexer runs. So while the chain has the highest block that this process saw, a
 * lower one is never shown.
 * @param clock returns milliseconds.
 * @param highest the highest block that an earlier process may have shown.
 * @param latestBlock returns the chain's latest block; undefined if it is not known.
 * @returns a function that returns whether a block may be shown. Call it with blocks in the order in which they are
 * read.
 */
export function createBlockHighWaterMark(clock: () => number, highest: bigint, latestBlock?: () => bigint | undefined) {
  let behindSince: number | undefined
  let wasSeenHere = false

  return function isForward(number: bigint): boolean {
    if (number < highest) {
      behindSince ??= clock()
      if (clock() - behindSince < ROLLBACK_TIMEOUT_MS) return false
      const latest = latestBlock?.()
      if (wasSeenHere && latest !== undefined && latest >= highest) return false
    }
    wasSeenHere = true
    highest = number
    behindSince = undefined
    return true
  }
}
