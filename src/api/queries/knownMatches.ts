import { sql } from 'drizzle-orm'
import { LRUCache } from 'lru-cache'
import { laterRuns, rememberedParts } from './knownRuns.ts'
import type { Search } from './searchedBriefs.ts'
import { runsOfMatches, soughtPart } from './searchedRuns.ts'
import { type Database, finalizedTime, isConsistent, plainQuery, type SnapshotQuery, withSnapshot } from './snapshot.ts'

/**
 * The runs of finalized blocks that a search finds. Agents repeat a search at each block, and many search for the same words.
 * To find a run by its words takes some 8 µs, but ids and URIs of these runs no longer change. So a repeated search begins with
 * their ids, and adds only what is later: runs of later blocks, and runs whose briefs were stored later.
 */
type KnownMatches = {
  /** The ids in ascending order, as PostgreSQL writes an array. */
  known: string
  /** All runs up to this id were searched. */
  knownUpTo: bigint
  /** After this time briefs may have been stored that were not searched. As PostgreSQL writes it. */
  knownSince: string
  /** How often briefs were taken down by then. If another one is, the ids are too many. */
  takedowns: bigint
}

const nothing = { known: null, knownUpTo: null, knownSince: null, takedowns: null }

/** To find fewer matches takes no longer than to remember them. */
const LEAST_KNOWN = 300

/** A list without another filter is answered by a walk if it has more. A sample of words is exact to a tenth. */
const MOST_UNFILTERED = 20_000

/** Of more matches than this, a filter that has a third of the runs leaves so many that they are not counted either. */
const MOST_KNOWN = 60_000
const mostKnown = sql.raw(String(MOST_KNOWN))

/** The runs of later blocks are searched one by one. There are more where finality is far behind. */
const mostLater = sql.raw('2000')

/** How long matches are used before what is later is added to them. In this time few briefs are stored. */
const FRESH_MS = 300_000

/** Before the read: a transaction may end after it has stored its brief. */
const overlap = sql.raw(`interval '1 minute'`)

/** How long until all matches are read anew: a database that fails over may have lost a brief. */
const LIFETIME_MS = 3_600_000
const MAX_CACHE_CHARACTERS = 32 * 1024 * 1024

/** An upper estimate of what an entry takes beside its ids and its search. */
const ENTRY_OVERHEAD_CHARACTERS = 512

type Row = Omit<KnownMatches, 'knownUpTo'> & { knownUpTo: bigint | null; is_known: boolean; count: number }

const last = sql`(select last from bounds)`
const isKnown = sql`(select is_known from bounds)`

/** All matches, or those that are known already with what is later. */
const findMatches = plainQuery<Row>(
  'matches of a search',
  sql`${withSnapshot}, ${soughtPart}, ${rememberedParts}, bounds as materialized (
      select is_known, greatest(case when is_known then up_to end,
          (select bounty_id from run where created_at < ${finalizedTime} order by bounty_id desc limit 1)) as last
      from remembered
    ), matches as (
      select unnest(ids) as bounty_id from remembered where is_known
      union all
      select bounty_id from (${laterRuns(sql`bounty_id`, sql`bounty_id <= ${last}`, isKnown)}) as added
      union all
      (select bounty_id from ${runsOfMatches(sql`not ${isKnown}`)}
      where bounty_id <= ${last}
      limit ${mostKnown} + 1)
    ), later as (
      select from run where bounty_id > ${last} limit ${mostLater} + 1
    )
    select "snapshot".*, cardinality(ids) <= ${mostKnown} and (select count(*) from later) <= ${mostLater} as is_known,
      cardinality(ids) as count, ids::text as known, ${last} as "knownUpTo", (now() - ${overlap})::text as "knownSince",
      (select takedowns from content.total)
    from "snapshot" cross join (select coalesce(array_agg(bounty_id order by bounty_id), '{}') as ids from matches) as found`,
)

type Entry = {
  matches?: KnownMatches | undefined
  /** How many matches were expected, or are known. */
  count: number
  /** By `performance.now`. */
  readAt: number
  reading?: Promise<Entry> | undefined
}

/** Reads all matches, or what is later than those of the entry. */
async function readMatches(
  search: Search,
  { matches, count, readAt }: Entry,
  ...[db, moment]: Parameters<SnapshotQuery<unknown>>
): Promise<Entry> {
  const dataOf = ({ is_known, count, known, knownUpTo, knownSince, takedowns }: Row): Entry | undefined =>
    is_known && knownUpTo !== null ? { matches: { known, knownUpTo, knownSince, takedowns }, count, readAt } : undefined
  const values = { q: search.q ?? null, tag: search.tag ?? null, ...(matches ?? nothing) }
  const result = await findMatches(values, dataOf, { alone: true })(db, moment)
  // While Ponder reverts and replays rows, some runs are missing.
  return (result && isConsistent(result.snapshot) && result.data) || { count, readAt }
}

const caches = new WeakMap<Database, LRUCache<string, Entry>>()

function cacheOf(db: Database): LRUCache<string, Entry> {
  const cache =
    caches.get(db) ??
    new LRUCache<string, Entry>({ ttl: LIFETIME_MS, noUpdateTTL: true, maxSize: MAX_CACHE_CHARACTERS })
  caches.set(db, cache)
  return cache
}

/** Forgets all matches: a reorg has removed a finalized block. */
export const forgetMatches = (db: Database): void => caches.get(db)?.clear()

type Reads<T> = {
  /** Whether the runs match another filter too. */
  isFiltered: boolean
  /** Reads without what is known. Tells how many briefs PostgreSQL expects to match. */
  find: (expects: (briefs: number) => void) => SnapshotQuery<T>
  /** Reads by what is known; undefined if that is of no use. */
  findKnown: (matches: KnownMatches) => SnapshotQuery<T | undefined>
}

/** A read of a search. From the second request on by the matches that are known: to find all takes longer than to find a page. */
export function withKnownMatches<T>(search: Search, { isFiltered, find, findKnown }: Reads<T>): SnapshotQuery<T> {
  const most = isFiltered ? MOST_KNOWN : MOST_UNFILTERED
  return async (db, moment) => {
    const cache = cacheOf(db)
    const key = JSON.stringify([search.q, search.tag])
    const store = (entry: Entry) => {
      const size = key.length + (entry.matches?.known.length ?? 0) + ENTRY_OVERHEAD_CHARACTERS
      cache.set(key, entry, { size })
    }
    const found = cache.get(key)
    if (!found) {
      const expects = (count: number) => {
        if (count >= LEAST_KNOWN && count <= most) store({ count, readAt: Number.NEGATIVE_INFINITY })
      }
      return find(expects)(db, moment)
    }
    if (found.count <= most) {
      if (performance.now() - found.readAt > FRESH_MS) {
        // Before the read ends, so that one that fails is not repeated at once.
        found.readAt = performance.now()
        found.reading = readMatches(search, found, db, moment)
        found.reading.then(
          (entry) => cache.get(key) === found && store(entry),
          () => {
            found.reading = undefined
          },
        )
      }
      const { matches } = (await found.reading) ?? found
      const result = matches && (await findKnown(matches)(db, moment))
      if (result?.data !== undefined) return { snapshot: result.snapshot, data: result.data }
    }
    return find(() => undefined)(db, moment)
  }
}
