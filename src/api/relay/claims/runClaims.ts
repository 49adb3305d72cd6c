import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { LAST_CHANCE_MS } from '../pipeline/dispatch.ts'

/**
 * The claims of one run that this process handles. While one of them is likely to win the run, the others are not
 * examined, because a hundred examinations would delay that one claim.
 */
export class RunClaims {
  count = 0
  /** The number of those that were placed. */
  placed = 0
  /** Resolves when the first claim in the queue has left it; undefined if none is in the queue. */
  placing: Promise<void> | undefined

  /** Counts a claim as in the queue until `placement` settles. */
  startPlacing(placement: Promise<unknown>) {
    const end = () => {
      this.placing = undefined
    }
    this.placing ??= placement.then(end, end)
  }

  /** Resolves when that claim has left the queue, or soon after `until` aborts. */
  async whilePlacing(until: AbortSignal) {
    const settled = new AbortController()
    const { signal } = settled
    const aborted = until.aborted ? Promise.resolve() : once(until, 'abort', { signal })
    const late = aborted.then(() => sleep(LAST_CHANCE_MS, undefined, { signal }))
    await Promise.race([this.placing, late.catch(() => undefined)])
    settled.abort()
  }
}

/** How long a claim waits unread. Placing another one takes longer only if the node or the database is slow. */
const MAX_UNREAD_MS = 100

/** Counts the claims of each run. */
export function createRunClaims() {
  const runs = new Map<bigint, RunClaims>()

  return {
    /** Runs `work`, and counts the claim among the claims of its run until `work` ends. */
    async among<T>(bountyId: bigint, work: (run: RunClaims) => Promise<T>): Promise<T> {
      const run = runs.get(bountyId) ?? new RunClaims()
      runs.set(bountyId, run)
      run.count++
      try {
        return await work(run)
      } finally {
        run.count--
        if (run.count === 0) runs.delete(bountyId)
      }
    },

    /**
     * Waits, for at most 100 ms, while a claim of the run is in the queue: to read another
     * claim would delay it.
     * @returns whether it waited.
     */
    async waitUnread(bountyId: bigint): Promise<boolean> {
      const placing = runs.get(bountyId)?.placing
      if (!placing) return false
      await Promise.race([placing, sleep(MAX_UNREAD_MS, undefined, { ref: false })])
      return true
    },
  }
}
