// What Ponder counts as finalized. Its source reads it from here (ponderSource.ts) when it loads the configuration, because
// it has no setting for it. Without `setFinality`, as in `ponder dev`, Ponder's own numbers count.

import { unfinalBlocks } from '../core/node/finality.ts'

let leastBlocks = 0
let indexedBlock = 0

type Finality = {
  /** Milliseconds; undefined if it is not known. */
  blockTimeMs: number | undefined
  /** A reorg of the blocks of so many seconds is followed. */
  windowSeconds: number
  /** The block that the rows of this build count as finalized; 0 if it has none. */
  finalizedBlock: number
}

/** To be called before Ponder starts. @returns the least number of blocks that Ponder may revert. */
export function setFinality({ blockTimeMs, windowSeconds, finalizedBlock }: Finality): number {
  leastBlocks = blockTimeMs === undefined ? 0 : unfinalBlocks(blockTimeMs, windowSeconds)
  indexedBlock = finalizedBlock
  return leastBlocks
}

/** @param blocks Ponder's own number for the chain, which assumes a time between blocks. */
export const finalityBlocks = (blocks: number): number => Math.max(blocks, leastBlocks)

/**
 * The block from which Ponder follows the chain after a start. It is not before the one to which it reverts the rows: it
 * would index the blocks between them twice. That happens where the number of blocks is greater than at the last start.
 * If the node does not have that block, Ponder refuses to start.
 */
export function finalizedAtStart(latestBlock: number, blocks: number): number {
  const finalized = Math.max(latestBlock - blocks, 0)
  return indexedBlock <= latestBlock ? Math.max(finalized, indexedBlock) : finalized
}
