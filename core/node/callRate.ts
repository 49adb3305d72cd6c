import { setTimeout as sleep } from 'node:timers/promises'

/** At a time: the most calls per second in the long run, and how many may be sent at once after a time without any. */
type Rate = { perSecond: number; burst: number }

/** @returns a function that resolves when the next call may be sent, in the order of its calls. */
function createPace(rate: () => Rate): () => Promise<void> {
  /** When the next call would be due if calls were spread evenly. By `performance.now()`. */
  let dueAt = Number.NEGATIVE_INFINITY
  let previous = Promise.resolve()

  return () => {
    const { perSecond, burst } = rate()
    const intervalMs = 1_000 / perSecond
    const sendAt = Math.max(dueAt, performance.now() - (burst - 1) * intervalMs)
    dueAt = sendAt + intervalMs
    // One timer at a time: while the process is busy, Node may run the timers of later calls first.
    previous = previous.then(async () => {
      const waitMs = sendAt - performance.now()
      if (waitMs > 0) await sleep(waitMs)
    })
    return previous
  }
}

/**
 * Limits how often calls are sent.
 * @param perSecond the most calls per second in the long run.
 * @param burst how many calls may be sent at once after a time without any.
 * @returns a function that resolves when the next call may be sent, in the order of its calls.
 */
export const createCallRate = (perSecond: number, burst: number): (() => Promise<void>) =>
  createPace(() => ({ perSecond, burst }))

/**
 * By how much the rate grows with each answer: by a quarter in each second in which as many calls are made as it allows, and by a
 * twentieth once what is granted is known, so that few calls are refused.
 */
const FIRST_GROWTH_PER_CALL = 0.25
const LATER_GROWTH_PER_CALL = 0.05

/** The calls that are refused within this time were sent at the same rate. */
const REFUSALS_MS = 1_000

/**
 * Limits how often calls are sent, and finds out what the endpoint grants: the rate grows with each answer, and is halved when
 * the endpoint refuses a call because there are too many.
 * @param start the calls per second at first, below which the rate never falls.
 * @param most the most calls per second.
 */
export function createGrantedRate(start: number, most: number) {
  let perSecond = start
  let growth = FIRST_GROWTH_PER_CALL
  let refusedAt = Number.NEGATIVE_INFINITY

  return {
    /** Resolves when the next call may be sent, in the order of its calls. The calls of a second may be sent at once. */
    next: createPace(() => ({ perSecond, burst: perSecond })),

    answered() {
      perSecond = Math.min(most, perSecond + growth)
    },

    refused() {
      const now = performance.now()
      if (now - refusedAt < REFUSALS_MS) return
      refusedAt = now
      growth = LATER_GROWTH_PER_CALL
      perSecond = Math.max(start, perSecond / 2)
    },
  }
}
