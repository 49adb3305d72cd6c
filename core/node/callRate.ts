import { setTimeout as sleep } from 'node:timers/promises'

/** By how much the rate grows again with each answer: by a twentieth of itself in a second in which all of its calls are made. */
const GROWTH_PER_CALL = 0.05

/** The calls that are refused within this time were sent at the same rate. */
const REFUSALS_MS = 1_000

/**
 * The rate does not fall below this share of the most: after an outage in which every call is refused, the blocks that Ponder
 * lacks must not take minutes.
 */
const LEAST_SHARE = 1 / 8

export type CallRate = ReturnType<typeof createCallRate>

/**
 * Limits how often calls are sent. The rate is halved when the endpoint refuses a call because there are too many, and grows
 * again with each answer.
 * @param most the most calls per second in the long run.
 */
export function createCallRate(most: number) {
  let perSecond = most
  let refusedAt = Number.NEGATIVE_INFINITY
  /** When the next call would be due if calls were spread evenly. By `performance.now()`. */
  let dueAt = Number.NEGATIVE_INFINITY
  let previous = Promise.resolve()

  return {
    /**
     * Resolves when the next call may be sent, in the order of its calls.
     * @param burstSeconds the calls of so many seconds may be sent at once after a time without any.
     */
    next(burstSeconds: number): Promise<void> {
      const intervalMs = 1_000 / perSecond
      const sendAt = Math.max(dueAt, performance.now() - (burstSeconds * perSecond - 1) * intervalMs)
      dueAt = sendAt + intervalMs
      // One timer at a time: while the process is busy, Node may run the timers of later calls first.
      previous = previous.then(async () => {
        const waitMs = sendAt - performance.now()
        if (waitMs > 0) await sleep(waitMs)
      })
      return previous
    },

    answered() {
      perSecond = Math.min(most, perSecond + GROWTH_PER_CALL)
    },

    refused() {
      const now = performance.now()
      if (now - refusedAt < REFUSALS_MS) return
      refusedAt = now
      perSecond = Math.max(LEAST_SHARE * most, perSecond / 2)
    },
  }
}
