/**
 * How `ops/startIndexer.ts` tells Ponder, and `ponder.config.ts`, what it has measured: by variables of its own process, because
 * Ponder loads our code into modules of its own. They are no settings. Without them, as in `ponder dev`, Ponder's own numbers
 * count. The patch of Ponder reads all but the last.
 */
export const ponderVariables = {
  /** The least number of blocks that are not final. */
  unfinalBlocks: 'RUNLINE_UNFINAL_BLOCKS',
  /** The block that the rows of this build count as finalized; 0 if it has none. */
  finalizedBlock: 'RUNLINE_FINALIZED_BLOCK',
  /** The number and the hash of the block whose rows stay; absent where the rows of all blocks that are not final are reverted. */
  storedBlock: 'RUNLINE_STORED_BLOCK',
  storedHash: 'RUNLINE_STORED_HASH',
  /** Milliseconds from block to block: those that are expected, until they are measured. It changes while Ponder runs. */
  blockTimeMs: 'RUNLINE_BLOCK_TIME_MS',
} as const
