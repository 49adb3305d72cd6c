import { LRUCache } from 'lru-cache'
import { createFairLane } from '../http/fairLane.ts'
import type { IndexReader } from './indexReader.ts'
import { readOne, readTogether } from './readTogether.ts'
import { nameOfList, type RunList } from './runList.ts'
import { type AskedPage, type RunPage, runPages, startKind } from './runPages.ts'
import { isBanded, isUnfiltered, type StartKind } from './runStarts.ts'
import { isCounted } from './runTotal.ts'
import type { SnapshotResult } from './snapshot.ts'

/** Pages that are read in one statement: hundreds of runs, within a few milliseconds. */
const MOST = 16

/** Lists that are remembered. Of a forgotten one, who asks next does not wait for who asked before. */
const LISTS = 100

type ReadPage = (page: AskedPage, minBlock?: bigint) => Promise<SnapshotResult<RunPage>>

/** How many expensive pages are read at once, and how many of one client's may wait for theirs. */
const EXPENSIVE_LANE = {
  concurrency: 2,
  maxWaitingPerClient: 64,
  waiting: 'expensive pages wait to be read',
  goneCode: 'INDEX_BEHIND',
} as const

/** The client that sends the request, and a signal that aborts if the client disconnects. */
export type Asker = { client: string; gone: AbortSignal }

/**
 * Reads pages of lists. Pages of one list that are asked for concurrently share a statement, and their total is counted
 * once. Expensive pages are read alone, a few at a time, and clients take turns: one client's expensive questions delay
 * its own, and not the others' pages.
 */
export function readsRunPages(index: IndexReader) {
  const lists = new LRUCache<string, ReadPage>({ max: LISTS })
  const inTurn = createFairLane(EXPENSIVE_LANE)

  function readerOf(list: RunList, kind: StartKind): ReadPage {
    const name = `${kind} ${nameOfList(list)}`
    const known = lists.get(name)
    if (known) return known
    const read = readTogether(index, (pages: readonly AskedPage[]) => runPages(list, kind, pages), { maxSize: MOST })
    lists.set(name, read)
    return read
  }

  /**
   * @throws Problem INDEX_BEHIND if the index cannot be read, or does not reach `minBlock` in time; RATE_LIMITED if too
   * many expensive pages of the client wait.
   */
  return async (list: RunList, page: AskedPage, { client, gone }: Asker, minBlock?: bigint) => {
    const kind = startKind(page.start)
    if (!isExpensive(list, kind)) return readerOf(list, kind)(page, minBlock)
    // Outside the lane, because a page that waits for a later block would occupy a slot of the lane.
    if (minBlock !== undefined) await index.reach(minBlock)
    return inTurn(client, gone, () => readOne(index, runPages(list, kind, [page]), minBlock))
  }
}

/** Whether PostgreSQL counts or passes many runs one by one for a page. */
function isExpensive(list: RunList, kind: StartKind): boolean {
  return !isCounted(list) || (kind === 'far' && !isUnfiltered(list) && !isBanded(list, kind))
}
