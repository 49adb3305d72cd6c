import { LRUCache } from 'lru-cache'
import { createFairLane, type Requester } from '../../../core/fairLane.ts'
import { rateLimited } from '../http/clientLimits.ts'
import { Problem } from '../http/errors.ts'
import { createBatchedRead, readOne } from './batchedReads.ts'
import type { IndexReader } from './indexReader.ts'
import { nameOfList, type RunList } from './runList.ts'
import { isExpensive, type RequestedPage, type RunPage, runPages, startKind } from './runPages.ts'
import type { StartKind } from './runStarts.ts'
import type { SnapshotResult } from './snapshot.ts'

/** The most pages that one statement reads: hundreds of runs, within a few milliseconds. */
const MAX_PAGES = 16

/** The number of lists whose requests can share a statement. Beyond it, the least recently read list is dropped. */
const MAX_LISTS = 100

type ReadPage = (page: RequestedPage, minBlock?: bigint) => Promise<SnapshotResult<RunPage>>

/** How many expensive pages are read at once, and how many pages of one client may wait. */
const EXPENSIVE_LANE = {
  concurrency: 2,
  maxWaitingPerClient: 64,
  waiting: 'expensive pages wait to be read',
  refuseFull: rateLimited,
  refuseGone: (detail: string) => new Problem('INDEX_BEHIND', detail),
}

/**
 * Creates a function that reads pages of lists. Concurrent requests for pages of one list share a statement, which
 * counts the total once. Expensive pages are read alone, a few at a time, and the clients take turns. So a client that
 * requests many expensive pages delays its own requests, not those of other clients.
 */
export function createRunPageReader(index: IndexReader) {
  const lists = new LRUCache<string, ReadPage>({ max: MAX_LISTS })
  const readInTurn = createFairLane(EXPENSIVE_LANE)

  function readerOf(list: RunList, kind: StartKind): ReadPage {
    const name = `${kind} ${nameOfList(list)}`
    const known = lists.get(name)
    if (known) return known
    const read = createBatchedRead(index, (pages: readonly RequestedPage[]) => runPages(list, kind, pages), {
      maxSize: MAX_PAGES,
    })
    lists.set(name, read)
    return read
  }

  /**
   * @throws Problem INDEX_BEHIND if the index cannot be read, or does not reach `minBlock` in time; RATE_LIMITED if too
   * many expensive pages of the client wait.
   */
  return async (list: RunList, page: RequestedPage, requester: Requester, minBlock?: bigint) => {
    const kind = startKind(page.start)
    if (!isExpensive(list, kind)) return readerOf(list, kind)(page, minBlock)
    // Before the lane, because a page that waits for a later block would occupy a slot of the lane.
    if (minBlock !== undefined) await index.reach(minBlock)
    return readInTurn(requester, () => readOne(index, runPages(list, kind, [page]), minBlock))
  }
}

export type RunPageReader = ReturnType<typeof createRunPageReader>
