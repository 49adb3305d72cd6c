import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { LAST_CHANCE_MS } from './dispatch.ts'

/**
 * The requests for one slot that this process handles. While one of them is likely to win it, the others are not examined,
 * because a hundred examinations would delay that one.
 */
export class Rivals {
  count = 0
  /** The number of those that were placed. */
  placed = 0
  /** Resolves when the first one in the queue has left it; undefined if none is in the queue. */
  placing: Promise<void> | undefined

  /** Counts an action as in the queue until `placement` settles. */
  startPlacing(placement: Promise<unknown>) {
    const end = () => {
      this.placing = undefined
    }
    this.placing ??= placement.then(end, end)
  }

  /** Resolves when that action has left the queue, or soon after `until` aborts. */
  async whilePlacing(until: AbortSignal) {
    const settled = new AbortController()
    const { signal } = settled
    const aborted = until.aborted ? Promise.resolve() : once(until, 'abort', { signal })
    const late = aborted.then(() => sleep(LAST_CHANCE_MS, undefined, { signal }))
    await Promise.race([this.placing, late.catch(() => undefined)])
    settled.abort()
  }
}

/** How long a request waits unread. Placing another one takes longer only if the node or the database is slow. */
const MAX_UNREAD_MS = 100

/** Counts the requests for each slot. */
export function createRivals() {
  const bySlot = new Map<string, Rivals>()

  return {
    /** Runs `work`, and counts it among the requests for the slot until it ends. */
    async among<T>(slot: string, work: (rivals: Rivals) => Promise<T>): Promise<T> {
      const rivals = bySlot.get(slot) ?? new Rivals()
      bySlot.set(slot, rivals)
      rivals.count++
      try {
        return await work(rivals)
      } finally {
        rivals.count--
        if (rivals.count === 0) bySlot.delete(slot)
      }
    },

    /**
     * Waits, for at most 100 ms, while an action of the slot is in the queue: to read another request would delay it.
     * @returns whether it waited.
     */
    async waitUnread(slot: string): Promise<boolean> {
      const placing = bySlot.get(slot)?.placing
      if (!placing) return false
      await Promise.race([placing, sleep(MAX_UNREAD_MS, undefined, { ref: false })])
      return true
    },
  }
}
