import { and, type SQL, sql } from 'drizzle-orm'
import { byPosition, inOrder, isAfter, isAfterPosition, keyOf, limit, matching, offset } from './runConditions.ts'
import type { Shape } from './runList.ts'
import { totalOf } from './runTotals.ts'
import { tsqueryOf } from './searchedBriefs.ts'

/**
 * Pages of runs whose briefs have words and tags. A run names its brief by a URI, so nothing has both the words and the order
 * of a list. PostgreSQL's estimate of how many briefs match chooses among three ways:
 * - `words`: few briefs match. They are found by their words, their runs by the URI, and then sorted.
 * - `list`: much fewer runs match the other filters. Their briefs are looked up, and those that match are sorted.
 * - `page`: many match. A walk in the list's order passes few runs whose briefs do not match.
 *
 * The first two count the matches exactly, up to `MOST_COUNTED`.
 */

/** Up to how many matches a search counts. Counting one takes some microseconds. */
export const MOST_COUNTED = 10_000

const mostCounted = sql.raw(String(MOST_COUNTED))

/** From how many expected matches on there are surely more than `MOST_COUNTED`: a sample of words is exact to a tenth. */
const SURELY_MORE = sql.raw(String(2 * MOST_COUNTED))

/** To look up the brief of a run takes this many times as long as to look up the run of a brief: its words are read too. */
const LOOKUP_COST = sql.raw('3')

/** A walk gives up after so many times the runs that it would pass if the matches were spread evenly. */
const MOST_TIMES_PASSED = sql.raw('4')

/** A CTE: the words and the tag as one query. */
const soughtPart = sql`sought as materialized (
  select ${tsqueryOf(sql`${sql.placeholder('q')}::text`, sql`${sql.placeholder('tag')}::text`)} as query
)`

const sought = sql`(select query from sought)`

/** Whether the brief of a run matches. As a subquery, it cannot become a join that begins with all matching briefs. */
const isFound = sql`(select words @@ ${sought} from content.brief_words where uri = ipfs_hash)`

/**
 * The runs whose briefs match. One scan of an index finds all URIs, in its order: that takes about two thirds of the time of a
 * join. `offset 0` keeps PostgreSQL from comparing the runs that another index finds with each URI.
 */
const runsOfMatches = (condition: SQL) => sql`(
    select * from run where ipfs_hash = any(array(select uri from content.brief_words where ${and(sql`words @@ ${sought}`, condition)}))
    offset 0
  ) as named`

/** How many matches precede the end of the page, with the one that follows it. */
const neededOf = ({ start }: Shape) => (start === 'after' ? sql`(${limit} + 1)` : sql`(${offset} + ${limit} + 1)`)

const allRuns = totalOf({ standing: 'any', isRewarded: false, parties: [] })

/**
 * Parts that come before `counted`:
 * - `choice`, the way, and after how many runs its walk gives up.
 * - `walked`, the page by a walk. `walk` has whether it is complete.
 * - `gathered`, one more than `MOST_COUNTED` of the matches, or all, if there was no walk or it gave up: the estimate counts
 *   briefs that no run names too, and the newest runs may have other words than most. After a walk, `hits` are joined one by
 *   one, because they can be many more than are counted.
 */
export function searchParts(shape: Shape): SQL {
  const isPast = isAfter(shape)
  const others = matching(shape)
  const key = keyOf(shape)
  const needed = neededOf(shape)
  const isWay = (way: string) => sql`(select way from choice) = ${sql.raw(`'${way}'`)}`
  const isGaveUp = sql`not (select is_complete from walk)`
  return sql`${soughtPart}, choice as materialized (
  select way, case when way = 'page' then 50 + ${MOST_TIMES_PASSED} * ${needed} * all_runs / expected else 0 end::int8 as most
  from (
    select *, case when expected * listed > ${SURELY_MORE} * all_runs then 'page'
      when expected <= ${LOOKUP_COST} * listed then 'words' else 'list' end as way
    from (
      select content.expected_briefs(query) as expected, ${totalOf(shape)} as listed, ${allRuns} as all_runs from sought
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
), gathered as materialized (
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
export const countedInSearch = sql`select least(gathered, ${mostCounted}) as total, gathered <= ${mostCounted} as is_exact,
    not is_complete and gathered <= ${mostCounted} as is_gathered
  from (
    select is_complete, case when is_complete then ${mostCounted} + 1 else (select count(*) from gathered) end as gathered
    from walk
    offset 0
  ) as sizes`

/** The page. */
export function foundInSearch(shape: Shape): SQL {
  const isOfCursor = shape.start === 'after'
  const isNeither = sql`not (select is_complete from walk) and not (select is_gathered from counted)`
  return sql`select * from (
    (select * from walked where (select is_complete from walk))
    union all
    (select * from gathered where ${and(sql`(select is_gathered from counted)`, isOfCursor ? isAfterPosition(shape) : undefined)})
    union all
    (select bounty_id, ${keyOf(shape)} as value from run
    where ${and(isAfter(shape), matching(shape), isNeither, isFound)}
    order by ${inOrder(shape)}
    limit ${neededOf(shape)})
  ) as parts
  order by ${byPosition(shape)}
  limit ${limit} + 1${isOfCursor ? sql`` : sql` offset ${offset}`}`
}
