/**
 * How long an index may be behind where it was before that is taken for the truth. A restarted Ponder indexes the last
 * blocks again, some 30, and a reorg replaces as many, each within seconds; a chain that was rolled back stays there.
 * Milliseconds.
 */
const PATIENCE = 30_000

/**
 * Tells blocks that an index passes for the first time from those that it passes again, by their numbers.
 * @param clock Milliseconds.
 * @param highest The latest block that may have been passed before.
 * @returns a function that says whether the block may be shown. It is asked about blocks in the order they are seen.
 */
export function createRatchet(clock: () => number, highest: bigint) {
  let behindSince: number | undefined

  return function isForward(number: bigint): boolean {
    if (number < highest) {
      behindSince ??= clock()
      if (clock() - behindSince < PATIENCE) return false
    }
    highest = number
    behindSince = undefined
    return true
  }
}
