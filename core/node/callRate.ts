import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Limits how often calls are sent.
 * @param perSecond the most calls per second in the long run.
 * @param burst how many calls may be sent at once after a time without any.
 * @returns a function that resolves when the next call may be sent, in the order of its calls.
 */
export function createCallRate(perSecond: number, burst: number): () => Promise<void> {
  const intervalMs = 1_000 / perSecond
  /** When the next call would be due if calls were spread evenly. By `performance.now()`. */
  let dueAt = Number.NEGATIVE_INFINITY

  return async () => {
    const now = performance.now()
    const sendAt = Math.max(dueAt, now - (burst - 1) * intervalMs)
    dueAt = sendAt + intervalMs
    if (sendAt > now) await sleep(sendAt - now)
  }
}
