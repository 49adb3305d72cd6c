import { createFairLane, type Requester } from '../../../core/fairLane.ts'
import { rateLimited } from '../http/clientLimits.ts'
import { Problem } from '../http/errors.ts'
import type { IndexReader } from './indexReader.ts'
import type { SnapshotQuery } from './snapshot.ts'

/** How many expensive pages are read at once, and how many pages of one client may wait. */
const EXPENSIVE_LANE = {
  concurrency: 2,
  maxWaitingPerClient: 64,
  waiting: 'expensive pages wait to be read',
  refuseFull: rateLimited,
  refuseGone: (detail: string) => new Problem('INDEX_BEHIND', detail),
}

/** A page of a list. It is expensive if PostgreSQL must count or pass many rows one by one. */
export type PageRead<Data> = { query: SnapshotQuery<Data>; isExpensive: boolean }

/** Passing up to this many rows of an index takes less time than the rest of a page. */
export const NEAR_ROWS = 2_000

/** Whether a page that begins after so many rows is expensive. @param near After how many rows it is. */
export const isFar = (offset: number, near = NEAR_ROWS): boolean => offset > near

/**
 * Creates a function that reads pages of lists. Expensive pages are read a few at a time, and the clients take turns. So
 * a client that requests many expensive pages delays its own requests, not those of other clients.
 */
export function createPageReader(index: IndexReader) {
  const readInTurn = createFairLane(EXPENSIVE_LANE)

  /**
   * @throws Problem INDEX_BEHIND if the index cannot be read, or does not reach `minBlock` in time; RATE_LIMITED if too
   * many expensive pages of the client wait.
   */
  return async <Data>({ query, isExpensive }: PageRead<Data>, requester: Requester, minBlock?: bigint) => {
    if (!isExpensive) return index.read(query, minBlock)
    // Before the lane, because a page that waits for a later block would occupy a slot of the lane.
    if (minBlock !== undefined) await index.reach(minBlock)
    return readInTurn(requester, () => index.read(query, minBlock))
  }
}

export type PageReader = ReturnType<typeof createPageReader>
