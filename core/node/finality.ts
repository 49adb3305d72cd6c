import { MAX_REORG_WINDOW_SECONDS } from '../settings/indexer.ts'
import { POSSIBLE_BLOCKS_PER_SECOND } from './head.ts'

/** Timestamps are whole seconds, so the time of some blocks is known but for a second. */
const TIMESTAMP_SECONDS = 1

/** The number of blocks that are not final on a chain with this time between blocks. */
export const unfinalBlocks = (blockTimeMs: number, windowSeconds: number): number =>
  Math.ceil((1_000 * (windowSeconds + TIMESTAMP_SECONDS)) / blockTimeMs)

/** The most blocks that Ponder may revert on any chain: it counts blocks as finalized once there are twice as many. */
export const MOST_REVERTED_BLOCKS = 2 * unfinalBlocks(1_000 / POSSIBLE_BLOCKS_PER_SECOND, MAX_REORG_WINDOW_SECONDS)
