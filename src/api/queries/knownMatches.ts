import { sql } from 'drizzle-orm'
import { union } from './ascendingIds.ts'
import { type Block, isOfBranch, valuesOfBlock } from './changes.ts'
import { jsonObject } from './json.ts'
import { runSummaryMembers, withBrief } from './runs.ts'
import type { Search } from './searchedBriefs.ts'
import { isFound, runsOfMatches, sought, soughtPart } from './searchedRuns.ts'
import { plainQuery, type Snapshot, type SnapshotQuery, type SnapshotResult, withSnapshot } from './snapshot.ts'

/**
 * The runs that a search finds, as this process knows them. To find one by its words takes some 8 µs, and agents repeat a search at
 * each block. But which runs a search finds changes only with new runs and briefs. So a search that is asked for again is answered
 * from what is known.
 */
export type KnownMatches = {
  /** In ascending order. */
  ids: Uint32Array
  /** The block at which they are true, and the greatest id of a run at that block. */
  block: Block
  lastRun: number
  briefs: BriefsVersion
}

/** What changes with the stored briefs. No two briefs are stored at once, or have one time. */
export type BriefsVersion = {
  /** How often content was taken down. */
  takedowns: bigint
  /** When the last of the briefs was stored, as PostgreSQL writes it; null if there is none. */
  lastStoredAt: string | null
}

/** A search that finds more is always found by its words. Most of these are found by a walk, which passes few other runs. */
export const MOST_KNOWN = 500_000

/** More matches are read in parts. */
const MOST_AT_ONCE = 60_000
const mostAtOnce = sql.raw(String(MOST_AT_ONCE))

/** How many briefs are passed for a part. It takes some 80 ms. */
const PART_BRIEFS = 20_000n

/** If more runs or briefs followed, all matches are read again. */
const mostAdded = sql.raw('2000')

/** Briefs that were stored shortly before are read again: the clock of the database may have been set back. */
const overlap = sql.raw(`interval '1 minute'`)

const placeholder = sql.placeholder
const lastStoredAt = sql`(select max(stored_at) from content.brief_words)`
const briefsVersion = sql`(select takedowns from content.total), ${lastStoredAt}::text as "lastStoredAt"`
const version = sql`${briefsVersion},
      coalesce((select max(bounty_id) from run), 0)::float8 as "lastRun"`

/** Of a CTE of ids. */
const listOf = (matches: string) =>
  sql`(select coalesce(json_agg(bounty_id order by bounty_id), '[]') as ids from ${sql.raw(matches)})`

type Row = BriefsVersion & { ids: number[]; lastRun: number }

const knownOf = ({ snapshot, data }: SnapshotResult<Row>): KnownMatches => {
  const { ids, lastRun, takedowns, lastStoredAt } = data
  return { ids: Uint32Array.from(ids), block: snapshot, lastRun, briefs: { takedowns, lastStoredAt } }
}

const valuesOf = ({ q, tag }: Search) => ({ q: q ?? null, tag: tag ?? null })

const findMatches = plainQuery<Row>(
  'matches of a search',
  sql`${withSnapshot}, ${soughtPart}, matches as materialized (
      select bounty_id from ${runsOfMatches(sql`true`)}
      limit ${mostAtOnce} + 1
    )
    select "snapshot".*, ${version}, listed.* from "snapshot" cross join ${listOf('matches')} as listed`,
)

type Part = Row & { lastUri: string; passed: bigint }

const findPart = plainQuery<Part>(
  'some matches of a search',
  sql`${withSnapshot}, ${soughtPart}, part as materialized (
      select uri, words @@ ${sought} as is_match from content.brief_words
      where uri > ${placeholder('after')} order by uri limit ${sql.raw(String(PART_BRIEFS))}
    ), matches as materialized (
      select bounty_id from part join run on ipfs_hash = uri where is_match
    )
    select "snapshot".*, ${version}, (select max(uri) from part) as "lastUri", (select count(*) from part) as passed, listed.*
    from "snapshot" cross join ${listOf('matches')} as listed`,
)

/** @param after the URI of the last brief that was passed. */
const partAfter = (search: Search, after: string): SnapshotQuery<Part> =>
  findPart({ ...valuesOf(search), after }, (row) => row, { alone: true })

/**
 * Reads all matches.
 * @param read reads as an expensive page.
 * @param expected how many PostgreSQL expects.
 */
export async function readMatches(
  search: Search,
  expected: number,
  read: <Data>(query: SnapshotQuery<Data>) => Promise<SnapshotResult<Data>>,
): Promise<KnownMatches> {
  if (expected <= MOST_AT_ONCE) {
    const all = await read(findMatches(valuesOf(search), (row) => row, { alone: true }))
    if (all.data.ids.length <= MOST_AT_ONCE) return knownOf(all)
  }
  const first = await read(partAfter(search, ''))
  const ids = [first.data.ids]
  for (let last = first.data; last.passed === PART_BRIEFS; ) {
    const { data } = await read(partAfter(search, last.lastUri))
    ids.push(data.ids)
    last = data
  }
  // The matches are those of the first block. What was added while the other parts were read follows later.
  const ofFirst = ids.flat().filter((id) => id <= first.data.lastRun)
  return knownOf({ ...first, data: { ...first.data, ids: ofFirst.sort((one, other) => one - other) } })
}

type Later = Row & { is_known: boolean }

/** With two bounds of the time PostgreSQL expects few briefs, and reads them by its index. */
const findLater = plainQuery<Later>(
  'later matches of a search',
  sql`${withSnapshot}, ${soughtPart}, branch as (${isOfBranch}), created as materialized (
      select bounty_id, ipfs_hash from run where (select known from branch) and bounty_id > ${placeholder('lastRun')}
      order by bounty_id limit ${mostAdded} + 1
    ), stored as materialized (
      select uri, words from content.brief_words
      where stored_at > coalesce(${placeholder('lastStoredAt')}::timestamptz, '-infinity') - ${overlap} and stored_at < 'infinity'
        and ${lastStoredAt} is distinct from ${placeholder('lastStoredAt')}::timestamptz
      limit ${mostAdded} + 1
    ), matches as materialized (
      select bounty_id from created where ${isFound}
      union
      select bounty_id from stored join run on ipfs_hash = uri where words @@ ${sought}
    )
    select "snapshot".*, ${version}, known and (select count(*) from created) <= ${mostAdded}
      and (select count(*) from stored) <= ${mostAdded} as is_known, listed.*
    from "snapshot" cross join branch cross join ${listOf('matches')} as listed`,
)

/** Reads which matches were added after their block. */
export const laterMatches =
  (search: Search, { block, lastRun, briefs: { lastStoredAt } }: KnownMatches): SnapshotQuery<Later> =>
  (db, moment) => {
    const values = { ...valuesOf(search), lastRun, lastStoredAt, ...valuesOfBlock(moment.chainId, block) }
    return findLater(values, (row) => row)(db, moment)
  }

/**
 * The matches with those that were added.
 * @returns undefined if all must be read again: their block is not part of the chain, content was taken down, or too much was added.
 */
export function withLater(known: KnownMatches, later: SnapshotResult<Later>): KnownMatches | undefined {
  const { snapshot, data } = later
  // A replica that is behind.
  if (snapshot.number < known.block.number) return known
  if (!data.is_known || data.takedowns !== known.briefs.takedowns) return undefined
  return { ...knownOf(later), ids: union(known.ids, data.ids) }
}

const findPage = plainQuery<BriefsVersion & { runs: string }>(
  'runs of a search',
  sql`${withSnapshot}, page as (
      select ${jsonObject(runSummaryMembers)} as json, place
      from unnest(${placeholder('ids')}::int8[]) with ordinality as found (bounty_id, place)
        left join run on run.bounty_id = found.bounty_id ${withBrief}
    )
    select "snapshot".*, ${briefsVersion}, (select coalesce(string_agg(json, ',' order by place), '') from page) as runs
    from "snapshot"`,
)

/** Reads the JSON of the runs with these ids, in their order, separated by commas, and which briefs are stored. */
export const runsOf = (ids: readonly number[]): SnapshotQuery<BriefsVersion & { runs: string }> =>
  findPage({ ids }, (row) => row)

/** Whether the matches are those of the block and of the briefs. */
export const isCurrent = ({ block, briefs }: KnownMatches, { hash }: Snapshot, version: BriefsVersion): boolean =>
  hash === block.hash && version.takedowns === briefs.takedowns && version.lastStoredAt === briefs.lastStoredAt
