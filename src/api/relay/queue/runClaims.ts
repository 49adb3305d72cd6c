import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { LAST_CHANCE_MS } from './dispatcher.ts'

/** The claims of one run that this process handles. */
export type RunClaims = {
  count: number
  /** Settles when the claim that the index calls eligible has left the queue; undefined if none is in it. */
  placing: Promise<unknown> | undefined
  /** How many of them were stored. */
  stored: number
}

/**
 * Keeps the claims of each run. Where one of them is likely to win the run, the others need not be examined: a hundred
 * examinations would delay the one claim that matters.
 */
export function createRunClaims() {
  const runs = new Map<bigint, RunClaims>()

  /** Calls `handle` for a claim of the run, which counts among the run’s claims until `handle` has ended. */
  return async function withRun<T>(bountyId: bigint, handle: (run: RunClaims) => Promise<T>): Promise<T> {
    const run = runs.get(bountyId) ?? { count: 0, placing: undefined, stored: 0 }
    runs.set(bountyId, run)
    run.count++
    try {
      return await handle(run)
    } finally {
      run.count--
      if (run.count === 0) runs.delete(bountyId)
    }
  }
}

/** Resolves when the claim that is likely to win the run has left the queue, or soon after `until` aborts. */
export async function whilePlacing({ placing }: RunClaims, until: AbortSignal) {
  const settled = new AbortController()
  const { signal } = settled
  const aborted = until.aborted ? Promise.resolve() : once(until, 'abort', { signal })
  const late = aborted.then(() => sleep(LAST_CHANCE_MS, undefined, { signal }))
  await Promise.race([placing, late.catch(() => undefined)])
  settled.abort()
}
