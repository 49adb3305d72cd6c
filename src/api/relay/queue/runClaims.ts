import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { LAST_CHANCE_MS } from './dispatcher.ts'

/**
 * The claims of one run that this process handles. While one of them is likely to win the run, the others are not
 * examined, because a hundred examinations would delay that one claim.
 */
export type RunClaims = {
  /** Whether the run has more than one claim. */
  isContended: () => boolean
  /** The number of claims that were stored with a transaction. */
  stored: () => number
  countStored: () => void
  /** Resolves when the claim that the index calls eligible has left the queue; undefined if none is in the queue. */
  placing: () => Promise<void> | undefined
  /** Counts such a claim as in the queue until `placement` settles. */
  startPlacing: (placement: Promise<unknown>) => void
  /** Resolves when that claim has left the queue, or soon after `until` aborts. */
  whilePlacing: (until: AbortSignal) => Promise<void>
}

/** How long a claim waits unread. Placing another one takes longer only if the node or the database is slow. */
const MAX_UNREAD_MS = 100

/** Counts the claims of each run. */
export function createRunClaims() {
  const runs = new Map<bigint, { count: number; claims: RunClaims }>()

  return {
    /** Runs `work`, and counts the claim among the claims of its run until `work` ends. */
    async among<T>(bountyId: bigint, work: (claims: RunClaims) => Promise<T>): Promise<T> {
      const isContended = () => (runs.get(bountyId)?.count ?? 0) > 1
      const run = runs.get(bountyId) ?? { count: 0, claims: claimsOfRun(isContended) }
      runs.set(bountyId, run)
      run.count++
      try {
        return await work(run.claims)
      } finally {
        run.count--
        if (run.count === 0) runs.delete(bountyId)
      }
    },

    /**
     * Waits, for at most 100 ms, while a claim of the run that the index calls eligible is in the queue: to read another
     * claim would delay it.
     * @returns whether it waited.
     */
    async waitUnread(bountyId: bigint): Promise<boolean> {
      const placing = runs.get(bountyId)?.claims.placing()
      if (!placing) return false
      await Promise.race([placing, sleep(MAX_UNREAD_MS, undefined, { ref: false })])
      return true
    },
  }
}

function claimsOfRun(isContended: () => boolean): RunClaims {
  let stored = 0
  let placing: Promise<void> | undefined
  return {
    isContended,
    stored: () => stored,
    countStored() {
      stored++
    },
    placing: () => placing,
    startPlacing(placement) {
      const end = () => {
        placing = undefined
      }
      placing ??= placement.then(end, end)
    },
    async whilePlacing(until) {
      const settled = new AbortController()
      const { signal } = settled
      const aborted = until.aborted ? Promise.resolve() : once(until, 'abort', { signal })
      const late = aborted.then(() => sleep(LAST_CHANCE_MS, undefined, { signal }))
      await Promise.race([placing, late.catch(() => undefined)])
      settled.abort()
    },
  }
}
