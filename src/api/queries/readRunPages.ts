import { LRUCache } from 'lru-cache'
import type { IndexReader } from './indexReader.ts'
import { readOne, readTogether } from './readTogether.ts'
import { nameOfList, type RunList } from './runList.ts'
import { type AskedPage, type RunPage, runPages, startKind } from './runPages.ts'
import { isUnfiltered, type StartKind } from './runWalks.ts'
import type { SnapshotResult } from './snapshot.ts'

/** Pages that are read in one statement: hundreds of runs, within a few milliseconds. */
const MOST = 16

/** Lists that are remembered. Of a forgotten one, who asks next does not wait for who asked before. */
const LISTS = 100

type ReadPage = (page: AskedPage, minBlock?: bigint) => Promise<SnapshotResult<RunPage>>

/**
 * Reads pages of lists. Pages of one list that are asked for concurrently share a statement, and their total is counted
 * once. A page at an offset is read alone where it may be far away, or others would wait for it.
 */
export function readsRunPages(index: IndexReader) {
  const lists = new LRUCache<string, ReadPage>({ max: LISTS })

  function readerOf(list: RunList, kind: StartKind): ReadPage {
    const name = `${kind} ${nameOfList(list)}`
    const known = lists.get(name)
    if (known) return known
    const read = readTogether(index, (pages: readonly AskedPage[]) => runPages(list, kind, pages), { maxSize: MOST })
    lists.set(name, read)
    return read
  }

  /** @throws Problem INDEX_BEHIND if the index cannot be read, or does not reach `minBlock` in time. */
  return async (list: RunList, page: AskedPage, minBlock?: bigint): Promise<SnapshotResult<RunPage>> => {
    const kind = startKind(page.start)
    return kind === 'offset' && !isUnfiltered(list)
      ? readOne(index, runPages(list, kind, [page]), minBlock)
      : readerOf(list, kind)(page, minBlock)
  }
}
