import { setTimeout as sleep } from 'node:timers/promises'

/** How long a rate takes to double again after a refusal. */
const DOUBLING_MS = 15_000

/** The calls that are refused within this time were sent at the same rate. */
const REFUSALS_MS = 1_000

/** The rate does not fall below this share of the most: after an outage in which every call is refused, the blocks that Ponder lacks must not take minutes. */
const LEAST_SHARE = 1 / 8

export type CallRate = ReturnType<typeof createCallRate>

/**
 * Limits how often calls are sent. The rate is halved when the endpoint refuses a call because there are too many, and grows
 * again with the time.
 * @param most the most calls per second in the long run.
 * @param burstSeconds the calls of so many seconds may be sent at once after a time without any.
 */
export function createCallRate(most: number, burstSeconds = 1) {
  /** After the last refusal, by `performance.now()`. */
  let refused = { at: Number.NEGATIVE_INFINITY, perSecond: most }
  /** When the next call would be due if calls were spread evenly. */
  let dueAt = Number.NEGATIVE_INFINITY
  let previous = Promise.resolve()

  const perSecond = () => Math.min(most, refused.perSecond * 2 ** ((performance.now() - refused.at) / DOUBLING_MS))

  return {
    /** Resolves when the next call may be sent, in the order of its calls. */
    next(): Promise<void> {
      const intervalMs = 1_000 / perSecond()
      const sendAt = Math.max(dueAt, performance.now() + intervalMs - 1_000 * burstSeconds)
      dueAt = sendAt + intervalMs
      // One timer at a time: while the process is busy, Node may run the timers of later calls first.
      previous = previous.then(async () => {
        const waitMs = sendAt - performance.now()
        if (waitMs > 0) await sleep(waitMs)
      })
      return previous
    },

    refused() {
      const at = performance.now()
      if (at - refused.at >= REFUSALS_MS) refused = { at, perSecond: Math.max(LEAST_SHARE * most, perSecond() / 2) }
    },
  }
}
