import { LRUCache } from 'lru-cache'
import { createFairLane } from '../../../core/fairLane.ts'
import { networksOf } from '../http/clientAddress.ts'
import { type Asker, rateLimited } from '../http/clientLimits.ts'
import { Problem } from '../http/errors.ts'
import type { IndexReader, Read, ReadResult } from '../index/reader.ts'
import { validityOf } from '../index/snapshot.ts'
import type { RunList, RunStart } from './runs.ts'
import { isSearch } from './searches.ts'

/** How many expensive reads run at once, which leaves connections to the others, and how many of one network may wait. */
const LANE = {
  concurrency: 2,
  maxWaitingPerClient: 64,
  waiting: 'expensive pages wait to be read',
  refuseFull: rateLimited,
  refuseGone: (detail: string) => new Problem('INDEX_BEHIND', detail),
}

/** Passing up to this many rows of an index takes less time than the rest of a page. */
const NEAR_ROWS = 2_000

/** Whether a page that begins after so many rows is expensive. */
export const isFar = (offset: number): boolean => offset > NEAR_ROWS

/**
 * Whether PostgreSQL may read many briefs, or pass many runs that do not match: no index has two filters at once, nor a
 * range in another order than its own, and runs of small rewards cost their posters little. Any number of runs may name a
 * claimant, which a list of those for any wallet passes.
 */
export function isExpensive(list: RunList, start: RunStart): boolean {
  const { claimable, minReward, state, poster, evaluator, claimedBy, claimant } = list
  const equal = [state, poster, evaluator, claimedBy, claimant].filter((filter) => filter !== undefined)
  const isRange = claimable !== undefined || minReward !== undefined || claimant === 'none'
  return isSearch(list) || isRange || equal.length > 1 || ('offset' in start && isFar(start.offset))
}

export type ReadInTurn = ReturnType<typeof createTurns>

/** Of how many expensive reads the results are kept, for requests of other networks for the same URL that still wait. */
const MAX_KEPT = 50

/**
 * Creates a function that returns what reads at once, or in turn if the read is expensive: a few at a time, and the networks of
 * the clients take turns. So a client that asks for many expensive pages delays its own, not those of others. It throws as
 * `index.read` does, and a Problem RATE_LIMITED if too many expensive reads of the client's network wait.
 */
export function createTurns(index: IndexReader) {
  const inTurn = createFairLane(LANE)
  const kept = new LRUCache<string, ReadResult<unknown>>({ max: MAX_KEPT })
  return (isDear: boolean, { client, gone, url, wait }: Asker): Pick<IndexReader, 'read'> => ({
    async read<T>(minBlock: bigint | undefined, read: Read<T>) {
      const network = networksOf(client).at(-1) ?? client
      if (!isDear) return index.read(minBlock, read, network)
      wait()
      // Before the lane, because a read that waits for a later block would occupy a slot of the lane.
      await index.reach(minBlock)
      return inTurn({ client: network, gone }, async () => {
        // Each URL has one expensive read.
        const known = kept.get(url)
        if (known && validityOf(known.snapshot) === index.head.validity()) return known as ReadResult<T>
        const result = await index.read(minBlock, read, network)
        kept.set(url, result)
        return result
      })
    },
  })
}
