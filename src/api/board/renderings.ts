import { setImmediate } from 'node:timers/promises'
import { raw } from 'hono/html'
import { LRUCache } from 'lru-cache'
import { createFairLane, type Requester } from '../../../core/fairLane.ts'
import { rateLimited } from '../http/clientLimits.ts'
import { Problem } from '../http/errors.ts'
import type { Html } from './values.ts'

/** Of all renderings that are kept. */
const MAX_CHARACTERS = 16_000_000

/** A hostile text takes 60 ms of the process's one thread: texts are rendered one at a time, and the clients take turns. */
const RENDERING_LANE = {
  concurrency: 1,
  maxWaitingPerClient: 16,
  waiting: 'texts wait to be rendered',
  refuseFull: rateLimited,
  refuseGone: (detail: string) => new Problem('INDEX_BEHIND', detail),
}

/** Keeps what stored texts look like on a page: the bytes of a CID never change, so each is rendered once. */
export function createRenderings() {
  const kept = new LRUCache<string, string>({
    maxSize: MAX_CHARACTERS,
    // At least 1, which the cache demands.
    sizeCalculation: (text) => text.length + 1,
  })
  const inTurn = createFairLane(RENDERING_LANE)

  /**
   * @param key names the CID and the form that it is shown in.
   * @throws Problem RATE_LIMITED if too many texts of the client wait; INDEX_BEHIND if it has disconnected.
   */
  return async function rendered(key: string, requester: Requester, render: () => Html | string): Promise<Html> {
    const known = kept.get(key)
    if (known !== undefined) return raw(known)
    return inTurn(requester, async () => {
      // Requests that need no rendering are answered between two texts.
      await setImmediate()
      const text = kept.get(key) ?? String(render())
      kept.set(key, text)
      return raw(text)
    })
  }
}
