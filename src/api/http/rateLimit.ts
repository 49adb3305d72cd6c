import { LRUCache } from 'lru-cache'

/** Above it, the clients that were not heard of for longest are forgotten: there are some MB of memory for them, and no more. */
const MAX_CLIENTS = 50_000

/** Milliseconds. */
const MINUTE = 60_000

/**
 * Lets each client do so much in a minute: all of it at once, then evenly, as the leaky bucket has it (GCRA). One number
 * is kept of a client, the time at which it will have used up nothing.
 * @returns a function that counts one more of the client's doings. It returns for how many milliseconds the client must
 * wait: 0 where it may go on.
 */
export function createRateLimit(perMinute: number) {
  const interval = MINUTE / perMinute
  const restedAt = new LRUCache<string, number>({ max: MAX_CLIENTS })

  return function take(client: string, now = performance.now()): number {
    const rested = Math.max(restedAt.get(client) ?? 0, now) + interval
    const wait = Math.round(rested - now - MINUTE)
    if (wait > 0) return wait
    restedAt.set(client, rested)
    return 0
  }
}
