import { LRUCache } from 'lru-cache'
import type { Logger } from 'pino'
import type { Requester } from '../../../core/fairLane.ts'
import { Problem } from '../http/errors.ts'
import type { IndexReader } from './indexReader.ts'
import {
  type BriefsVersion,
  isCurrent,
  type KnownMatches,
  laterMatches,
  MOST_KNOWN,
  readMatches,
  runsOf,
  withLater,
} from './knownMatches.ts'
import { KnownRuns } from './knownRuns.ts'
import type { PageReader } from './pageReader.ts'
import { isOfIds } from './runConditions.ts'
import { type RunList, type RunStart, shapeOf } from './runList.ts'
import { pageOfRuns, type RunPage } from './runPages.ts'
import type { Search } from './searchedBriefs.ts'
import type { SnapshotQuery, SnapshotResult } from './snapshot.ts'

/** How many bytes the known matches of all searches take at most. */
const MAX_CACHE_BYTES = 64 * 1024 * 1024

/** An upper estimate of what an entry takes beside its matches. */
const ENTRY_OVERHEAD_BYTES = 1_024

/** How long until a search is found by its words again: a database that fails over may have lost a brief. */
const LIFETIME_MS = 3_600_000

/** How often all matches of a search are read, at most. */
const FULL_READ_INTERVAL_MS = 300_000

/** How often a page is read, at most: it is read again if the next block was indexed during the read. */
const MAX_ATTEMPTS = 4

/** To filter more matches takes this process longer than the rest of a page. Clients take turns for these. */
const MOST_CHEAP_MATCHES = 50_000

/** A search that was asked for before. */
type Entry = {
  search: Search
  /** How many briefs PostgreSQL expects to match. */
  expected: number
  known?: KnownMatches | undefined
  reading?: Promise<void> | undefined
  /** When all matches may be read, by `performance.now()`. */
  readableAt: number
}

type Asked = { list: RunList; start: RunStart; limit: number }

type Options = { index: IndexReader; readPage: PageReader; logger: Logger }

/**
 * Creates a function that reads pages of runs. A search is found by its words the first time. When it is asked for again, all its
 * matches are read, which is as expensive. From then on its pages are as cheap as those of a list.
 */
export function createRunPageReader({ index, readPage, logger }: Options) {
  const entries = new LRUCache<string, Entry>({ ttl: LIFETIME_MS, noUpdateTTL: true, maxSize: MAX_CACHE_BYTES })
  const knownRuns = new KnownRuns({ index, readPage, logger })

  const store = (key: string, entry: Entry) =>
    entries.set(key, entry, { size: ENTRY_OVERHEAD_BYTES + (entry.known?.ids.byteLength ?? 0) })

  /** Begins to read all matches. Until they are known, the search is found by its words. */
  function learn(key: string, entry: Entry, { client }: Requester): void {
    if (entry.reading || performance.now() < entry.readableAt) return
    entry.readableAt = performance.now() + FULL_READ_INTERVAL_MS
    // Also after the client has disconnected, because others wait for it.
    const requester = { client, gone: new AbortController().signal }
    entry.reading = readMatches(entry.search, entry.expected, (query) =>
      readPage({ query, isExpensive: true }, requester),
    )
      .then(
        (known) => {
          entry.known = known
          if (entries.has(key)) store(key, entry)
        },
        (err) => {
          if (!(err instanceof Problem)) logger.error({ err }, 'The matches of a search cannot be read')
        },
      )
      .finally(() => {
        entry.reading = undefined
      })
  }

  /** Reads which matches were added. Concurrent requests share it. */
  function update(key: string, entry: Entry, known: KnownMatches): Promise<void> {
    entry.reading ??= index
      .read(laterMatches(entry.search, known))
      .then((later) => {
        entry.known = withLater(known, later)
        if (entries.has(key)) store(key, entry)
      })
      .finally(() => {
        entry.reading = undefined
      })
    return entry.reading
  }

  /** @returns undefined if the matches are not known, or other blocks are indexed faster than the page is read. */
  async function readKnown(
    key: string,
    entry: Entry,
    asked: Asked,
    requester: Requester,
    minBlock?: bigint,
  ): Promise<SnapshotResult<RunPage> | undefined> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const runs = knownRuns.current
      const { known } = entry
      if (!known) learn(key, entry, requester)
      if (!known || !runs) return undefined
      const isExpensive = known.ids.length > MOST_CHEAP_MATCHES && !isOfIds(shapeOf(asked.list, asked.start))
      const query = pageOfKnown(runs, known, asked)
      const { snapshot, data } = await readPage({ query, isExpensive }, requester, minBlock)
      const areRunsCurrent = snapshot.hash === runs.block.hash
      const areMatchesCurrent = isCurrent(known, snapshot, data.briefs)
      if (areRunsCurrent && areMatchesCurrent) return { snapshot, data: data.page }
      // Unless another request has brought them up to date during the read.
      await Promise.all([
        !areRunsCurrent && runs === knownRuns.current && knownRuns.follow(),
        !areMatchesCurrent && known === entry.known && update(key, entry, known),
      ])
    }
    return undefined
  }

  /**
   * Reads a page of a list.
   * @throws Problem as `createPageReader`, and as `pageOfRuns`.
   */
  return async function readPageOfRuns(
    list: RunList,
    start: RunStart,
    limit: number,
    requester: Requester,
    minBlock?: bigint,
  ): Promise<SnapshotResult<RunPage>> {
    const page = pageOfRuns(list, start, limit)
    if (!shapeOf(list, start).isSearched) return readPage(page, requester, minBlock)
    knownRuns.start()
    const key = JSON.stringify([list.q, list.tag])
    const entry = entries.get(key)
    const known = entry && (await readKnown(key, entry, { list, start, limit }, requester, minBlock))
    if (known) return known
    const result = await readPage(page, requester, minBlock)
    const { expectedMatches = 0 } = result.data
    const { q, tag } = list
    if (!entry && expectedMatches <= MOST_KNOWN)
      store(key, { search: { q, tag }, expected: expectedMatches, readableAt: 0 })
    return result
  }
}

export type RunPageReader = ReturnType<typeof createRunPageReader>

/** The page as the process knows it, with the texts of its runs. If it is of the block, so is the time. */
const pageOfKnown =
  (
    { columns, block }: NonNullable<KnownRuns['current']>,
    { ids }: KnownMatches,
    { list, start, limit }: Asked,
  ): SnapshotQuery<{ page: RunPage; briefs: BriefsVersion }> =>
  async (db, moment) => {
    const clock = BigInt(moment.clock)
    const now = block.timestamp > clock ? block.timestamp : clock
    const { ids: found, ...counts } = columns.page(ids, list, start, limit, now)
    const result = await runsOf(found)(db, moment)
    return (
      result && {
        snapshot: result.snapshot,
        data: { page: { runs: result.data.runs, ...counts }, briefs: result.data },
      }
    )
  }
