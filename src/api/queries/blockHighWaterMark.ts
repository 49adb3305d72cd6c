/**
 * How long an index may be behind its highest block before its lower block is accepted. A restarted Ponder indexes the
 * last 30 or so blocks again, and a reorg replaces as many; both take seconds. A chain that was rolled back stays
 * there.
 */
const ROLLBACK_TIMEOUT_MS = 30_000

/**
 * Tracks the highest block of the index, to recognise blocks that it indexes again.
 * @param clock returns milliseconds.
 * @param highest the latest block that an answer may have shown before.
 * @returns a function that returns whether a block may be shown. Call it with blocks in the order in which they are
 * read.
 */
export function createBlockHighWaterMark(clock: () => number, highest: bigint) {
  let behindSince: number | undefined

  return function isForward(number: bigint): boolean {
    if (number < highest) {
      behindSince ??= clock()
      if (clock() - behindSince < ROLLBACK_TIMEOUT_MS) return false
    }
    highest = number
    behindSince = undefined
    return true
  }
}
