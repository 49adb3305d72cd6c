import { createFairLane } from '../http/fairLane.ts'
import type { IndexReader } from './indexReader.ts'
import type { RunList } from './runList.ts'
import { isExpensive, pageOfRuns, type RequestedPage } from './runPages.ts'

/** How many expensive pages are read at once, and how many pages of one client may wait. */
const EXPENSIVE_LANE = {
  concurrency: 2,
  maxWaitingPerClient: 64,
  waiting: 'expensive pages wait to be read',
  goneCode: 'INDEX_BEHIND',
} as const

/** The client that sends the request, and a signal that aborts if the client disconnects. */
export type Requester = { client: string; gone: AbortSignal }

/**
 * Creates a function that reads pages of lists. Expensive pages are read a few at a time, and the clients take turns. So
 * a client that requests many expensive pages delays its own requests, not those of other clients.
 */
export function createRunPageReader(index: IndexReader) {
  const readInTurn = createFairLane(EXPENSIVE_LANE)

  /**
   * @throws Problem INDEX_BEHIND if the index cannot be read, or does not reach `minBlock` in time; RATE_LIMITED if too
   * many expensive pages of the client wait.
   */
  return async (list: RunList, page: RequestedPage, { client, gone }: Requester, minBlock?: bigint) => {
    const query = pageOfRuns(list, page)
    if (!isExpensive(list, page.start)) return index.read(query, minBlock)
    // Before the lane, because a page that waits for a later block would occupy a slot of the lane.
    if (minBlock !== undefined) await index.reach(minBlock)
    return readInTurn(client, gone, () => index.read(query, minBlock))
  }
}

export type RunPageReader = ReturnType<typeof createRunPageReader>
