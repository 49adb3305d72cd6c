import { and, type SQL, sql } from 'drizzle-orm'
import { byPosition, inOrder, isAfter, keyOf, limit, matching, offset } from './runConditions.ts'
import type { Shape } from './runList.ts'
import { totalOf } from './runTotals.ts'
import { tsqueryOf } from './searchedBriefs.ts'

/**
 * Pages of runs whose briefs have words and tags. A run names its brief by a URI, so nothing has both the words and the order
 * of a list. PostgreSQL's estimate of how many briefs match, or how many are known to match (knownMatches.ts), chooses among four
 * ways:
 * - `words`: few briefs match. They are found by their words, their runs by the URI, and then sorted.
 * - `known`: the same, but the ids of the runs are known.
 * - `list`: much fewer runs match the other filters. Their briefs are looked up, and those that match are sorted.
 * - `page`: many match. A walk in the list's order passes few runs whose briefs do not match.
 *
 * All but `page` count the matches exactly, up to `MOST_COUNTED`.
 */

/** Up to how many matches a search counts. Counting one takes some microseconds. */
export const MOST_COUNTED = 10_000

const placeholder = sql.placeholder

const mostCounted = sql.raw(String(MOST_COUNTED))

/** From how many expected matches on there are surely more than `MOST_COUNTED`: a sample of words is exact to a tenth. */
const SURELY_MORE = sql.raw(String(2 * MOST_COUNTED))

/** To look up the brief of a run takes this many times as long as to look up the run of a brief: its words are read too. */
const LOOKUP_COST = sql.raw('3')

/** A walk gives up after so many times the runs that it would pass if the matches were spread evenly. */
const MOST_TIMES_PASSED = sql.raw('4')

/** A CTE: the words and the tag as one query. */
export const soughtPart = sql`sought as materialized (
  select ${tsqueryOf(sql`${placeholder('q')}::text`, sql`${placeholder('tag')}::text`)} as query
)`

const sought = sql`(select query from sought)`

const isWay = (way: string) => sql`(select way from choice) = ${sql.raw(`'${way}'`)}`

/** Whether the brief of a run matches. As a subquery, it cannot become a join that begins with all matching briefs. */
const isFound = sql`(select words @@ ${sought} from content.brief_words where uri = ipfs_hash)`

/**
 * The runs whose briefs match. One scan of an index finds all URIs, in its order: that takes about two thirds of the time of a
 * join. `offset 0` keeps PostgreSQL from comparing the runs that another index finds with each URI.
 */
export const runsOfMatches = (condition: SQL) => sql`(
    select * from run where ipfs_hash = any(array(select uri from content.brief_words where ${and(sql`words @@ ${sought}`, condition)}))
    offset 0
  ) as named`

/**
 * Briefs that were stored after a search. With two bounds PostgreSQL expects few, and reads them by the index of the time;
 * `offset 0` keeps it from the index of the words.
 */
const storedSince = (since: SQL) =>
  sql`select uri, words from content.brief_words where stored_at > ${since} and stored_at < 'infinity'`

/** More briefs are not compared with the words of each search. */
const mostStored = sql.raw('2000')

/**
 * A CTE: what is known of the search, and whether it is. It is not if something was taken down, or much was stored. A replica
 * that is behind may not have the last runs. Each value is sent once, because a list of ids takes a millisecond to read.
 */
export const rememberedPart = sql`remembered as materialized (
  select *, ids is not null and blocked = (select count(*) from content.blocked) and up_to <= (select max(bounty_id) from run)
    and (select count(*) from (${storedSince(sql`since`)} limit ${mostStored} + 1) as stored) <= ${mostStored} as is_known
  from (select ${placeholder('known')}::int8[], ${placeholder('knownUpTo')}::int8, ${placeholder('knownSince')}::timestamptz,
    ${placeholder('blocked')}::int8) as given (ids, up_to, since, blocked)
)`

/** With a cast, because `any` of a subquery compares with its rows. */
const known = sql`(select ids from remembered)::int8[]`
const knownUpTo = sql`(select up_to from remembered)`

/** How many of the known ids are not greater: PostgreSQL bisects them. */
const knownIdsUpTo = (id: SQL) => sql`width_bucket(${id}, ${known})`

/** Whether a page needs nothing of the known runs but their ids, which are in its order. */
const isOfIds = (shape: Shape) => shape.sort === 'createdAt' && matching(shape) === undefined

/** The known matches, as far as the page needs them. */
function knownRuns(shape: Shape): SQL {
  if (!isOfIds(shape))
    return sql`select bounty_id, ${keyOf(shape)} as value from run
  where ${and(sql`bounty_id = any(${known})`, matching(shape), isWay('known'))}
  limit ${SURELY_MORE} + 1`
  const after = sql`${placeholder('afterId')}::int8`
  const slice =
    shape.order === 'asc'
      ? { from: sql`preceding + 1`, to: sql`preceding + ${neededOf(shape)}` }
      : { from: sql`greatest(preceding - ${neededOf(shape)} + 1, 1)`, to: sql`preceding` }
  const ofCursor = knownIdsUpTo(shape.order === 'asc' ? after : sql`${after} - 1`)
  const ofOffset = shape.order === 'asc' ? sql`0` : sql`cardinality(${known})`
  return sql`select bounty_id, bounty_id as value
  from (select ${shape.start === 'after' ? ofCursor : ofOffset} as preceding where ${isWay('known')}) as place
    cross join unnest((${known})[${slice.from}:${slice.to}]) as bounty_id`
}

/**
 * What was added to the known matches: those of later blocks, and those of earlier ones whose briefs were stored later. A brief
 * that was searched may be among them.
 */
export const laterRuns = (
  key: SQL,
  conditions: SQL,
  isAsked: SQL,
): SQL => sql`(select bounty_id, ${key} as value from run
  where bounty_id > ${knownUpTo} and ${isAsked} and ${conditions} and ${isFound})
  union all
  (select bounty_id, value from (
    select bounty_id, ${key} as value from (
      ${storedSince(sql`(select since from remembered)`)} and ${isAsked} offset 0
    ) as recent join run on ipfs_hash = uri
    where words @@ ${sought} and ${conditions}
  ) as late
  where bounty_id <= ${knownUpTo} and bounty_id is distinct from (${known})[${knownIdsUpTo(sql`bounty_id`)}])`

/** How many matches precede the end of the page, with the one that follows it. */
const neededOf = ({ start }: Shape) => (start === 'after' ? sql`(${limit} + 1)` : sql`(${offset} + ${limit} + 1)`)

const allRuns = totalOf({ standing: 'any', isRewarded: false, parties: [] })

/**
 * Parts that come before `counted`:
 * - `choice`, the way, and after how many runs its walk gives up.
 * - `walked`, the page by a walk. `walk` has whether it is complete.
 * - `later`, what was added to the known matches.
 * - `gathered`, one more than `MOST_COUNTED` of the matches, or all, if there was no walk or it gave up: the estimate counts
 *   briefs that no run names too, and the newest runs may have other words than most. After a walk, `hits` are joined one by
 *   one, because they can be many more than are counted.
 */
export function searchParts(shape: Shape): SQL {
  const isPast = shape.start === 'after' ? isAfter(shape) : undefined
  const others = matching(shape)
  const key = keyOf(shape)
  const needed = neededOf(shape)
  const isGaveUp = sql`not (select is_complete from walk)`
  return sql`${soughtPart}, ${rememberedPart}, choice as materialized (
  select way, expected, case when way = 'page' then 50 + ${MOST_TIMES_PASSED} * ${needed} * all_runs / expected else 0 end::int8 as most
  from (
    select *, case when expected * listed > ${SURELY_MORE} * all_runs then 'page'
      when expected > ${LOOKUP_COST} * listed then 'list' when is_known then 'known' else 'words' end as way
    from (
      select is_known, case when is_known then cardinality(${known}) else content.expected_briefs(query) end as expected,
        ${totalOf(shape)} as listed, ${allRuns} as all_runs
      from sought cross join remembered
      offset 0
    ) as sizes
  ) as chosen
), walked as materialized (
  select bounty_id, value from (
    select bounty_id, ${key} as value, ipfs_hash from run
    where ${and(isPast, others) ?? sql`true`}
    order by ${inOrder(shape)}
    limit (select most from choice)
  ) as passed
  where ${isFound}
  limit ${needed}
), walk as (
  select count(*) >= ${needed} as is_complete from walked
), hits as materialized (
  select uri from content.brief_words
  where words @@ ${sought} and ${and(isWay('page'), isGaveUp)}
), later as materialized (
  ${laterRuns(key, others ?? sql`true`, isWay('known'))}
), gathered as materialized (
  (${knownRuns(shape)})
  union all
  (select * from later)
  union all
  (select bounty_id, ${key} as value from hits join run on run.ipfs_hash = hits.uri
  where ${others ?? sql`true`}
  limit ${mostCounted} + 1)
  union all
  (select bounty_id, ${key} as value from ${runsOfMatches(isWay('words'))}
  where ${others ?? sql`true`}
  limit ${mostCounted} + 1)
  union all
  (select bounty_id, ${key} as value from run
  where ${and(others, isWay('list'), isFound)}
  limit ${mostCounted} + 1)
)`
}

/**
 * Also how the page is found: if it was neither walked nor all matches were gathered, by a walk that does not give up.
 * `offset 0` makes PostgreSQL count once.
 */
export function countedInSearch(shape: Shape): SQL {
  const gathered = sql`(select count(*) from gathered)`
  const all = isOfIds(shape)
    ? sql`case when ${isWay('known')} then cardinality(${known}) + (select count(*) from later) else ${gathered} end`
    : gathered
  return sql`select least(gathered, ${mostCounted}) as total, gathered <= ${mostCounted} as is_exact,
    not is_complete and gathered <= case when ${isWay('known')} then ${SURELY_MORE} else ${mostCounted} end as is_gathered,
    (select expected from choice) as expected
  from (
    select is_complete, case when is_complete then ${mostCounted} + 1 else ${all} end as gathered
    from walk
    offset 0
  ) as sizes`
}

/** The page. */
export function foundInSearch(shape: Shape): SQL {
  const isOfCursor = shape.start === 'after'
  const compare = sql.raw(shape.order === 'asc' ? '>' : '<')
  const isPast = sql`(value, bounty_id) ${compare} (${sql.placeholder('afterValue')}::int8, ${sql.placeholder('afterId')}::int8)`
  const isNeither = sql`not (select is_complete from walk) and not (select is_gathered from counted)`
  return sql`select * from (
    (select * from walked where (select is_complete from walk))
    union all
    (select * from gathered where ${and(sql`(select is_gathered from counted)`, isOfCursor ? isPast : undefined)})
    union all
    (select bounty_id, ${keyOf(shape)} as value from run
    where ${and(isOfCursor ? isAfter(shape) : undefined, matching(shape), isNeither, isFound)}
    order by ${inOrder(shape)}
    limit ${neededOf(shape)})
  ) as parts
  order by ${byPosition(shape)}
  limit ${limit} + 1${isOfCursor ? sql`` : sql` offset ${offset}`}`
}
