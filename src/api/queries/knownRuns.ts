import { and, type SQL, sql } from 'drizzle-orm'
import { byPosition, isAfterPosition, isOfIds, keyOf, limit, matching, offset } from './runConditions.ts'
import type { Shape } from './runList.ts'
import { totalOf } from './runTotals.ts'
import {
  allRuns,
  isFound,
  LOOKUP_COST,
  mostCounted,
  neededOf,
  SURELY_MORE,
  sought,
  soughtPart,
} from './searchedRuns.ts'

/**
 * Pages of a search whose matches are known (knownMatches.ts): the ids of the runs of finalized blocks that it finds. What was
 * added later is found by words.
 */

const placeholder = sql.placeholder

/** More briefs are not compared with the words of each search. */
const mostStored = sql.raw('2000')

/**
 * Three CTEs: what is known of the search; the briefs that were stored since; whether it is still known. It is not if something
 * was taken down, or much was stored. A replica that is behind may not have the last runs. Each value is sent once, because a
 * list of ids takes a millisecond to read. With two bounds of the time PostgreSQL expects few briefs, and reads them by its index.
 */
export const rememberedParts = sql`given as materialized (
  select ${placeholder('known')}::int8[] as ids, ${placeholder('knownUpTo')}::int8 as up_to,
    ${placeholder('knownSince')}::timestamptz as since, ${placeholder('takedowns')}::int8 as takedowns
), stored as materialized (
  select uri, words from content.brief_words
  where stored_at > (select since from given) and stored_at < 'infinity'
  limit ${mostStored} + 1
), remembered as materialized (
  select *, ids is not null and takedowns = (select takedowns from content.total) and up_to <= (select max(bounty_id) from run)
    and (select count(*) from stored) <= ${mostStored} as is_known
  from given
)`

/** With a cast, because `any` of a subquery compares with its rows. */
const known = sql`(select ids from remembered)::int8[]`
const knownUpTo = sql`(select up_to from remembered)`

/** How many of the known ids are not greater: PostgreSQL bisects them. */
const knownIdsUpTo = (id: SQL) => sql`width_bucket(${id}, ${known})`

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
    select bounty_id, ${key} as value from stored join run on ipfs_hash = uri
    where ${isAsked} and words @@ ${sought} and ${conditions}
  ) as late
  where bounty_id <= ${knownUpTo} and bounty_id is distinct from (${known})[${knownIdsUpTo(sql`bounty_id`)}])`

/** Whether the statement finds the page. Another statement does where a walk or the other filters take less time. */
const isUsed = sql`(select is_used from choice)`

/**
 * Parts that come before `counted`:
 * - `choice`, whether the known matches are used.
 * - `later`, what was added to them.
 * - `gathered`, these and the known matches, as far as the page needs them.
 */
export function knownParts(shape: Shape): SQL {
  return sql`${soughtPart}, ${rememberedParts}, choice as materialized (
  select is_known and expected * listed <= ${SURELY_MORE} * all_runs and expected <= ${LOOKUP_COST} * listed as is_used
  from (
    select is_known, cardinality(ids) as expected, ${totalOf(shape)} as listed, ${allRuns} as all_runs from remembered
    offset 0
  ) as sizes
), later as materialized (
  ${laterRuns(keyOf(shape), matching(shape) ?? sql`true`, isUsed)}
), gathered as materialized (
  (${knownRuns(shape)})
  union all
  (select * from later)
)`
}

/** If the ids are in the list's order, nothing else of the runs is read. */
function knownRuns(shape: Shape): SQL {
  if (!isOfIds(shape))
    return sql`select bounty_id, ${keyOf(shape)} as value from run
  where ${and(sql`bounty_id = any(${known})`, matching(shape), isUsed)}
  limit ${SURELY_MORE} + 1`
  const after = sql`${placeholder('afterId')}::int8`
  const slice =
    shape.order === 'asc'
      ? { from: sql`preceding + 1`, to: sql`preceding + ${neededOf(shape)}` }
      : { from: sql`greatest(preceding - ${neededOf(shape)} + 1, 1)`, to: sql`preceding` }
  const ofCursor = knownIdsUpTo(shape.order === 'asc' ? after : sql`${after} - 1`)
  const ofOffset = shape.order === 'asc' ? sql`0` : sql`cardinality(${known})`
  return sql`select bounty_id, bounty_id as value
  from (select ${shape.start === 'after' ? ofCursor : ofOffset} as preceding where ${isUsed}) as place
    cross join unnest((${known})[${slice.from}:${slice.to}]) as bounty_id`
}

/** If too many were gathered, a walk finds the page. `offset 0` makes PostgreSQL count once. */
export function countedInKnown(shape: Shape): SQL {
  const all = isOfIds(shape)
    ? sql`(select cardinality(ids) from remembered) + (select count(*) from later)`
    : sql`(select count(*) from gathered)`
  return sql`select least(gathered, ${mostCounted}) as total, gathered <= ${mostCounted} as is_exact,
    is_used and gathered <= ${SURELY_MORE} as is_used
  from (select is_used, ${all} as gathered from choice offset 0) as sizes`
}

/** The page. */
export function foundInKnown(shape: Shape): SQL {
  const isOfCursor = shape.start === 'after'
  return sql`select * from gathered
  where ${isOfCursor ? isAfterPosition(shape) : sql`true`}
  order by ${byPosition(shape)}
  limit ${limit} + 1${isOfCursor ? sql`` : sql` offset ${offset}`}`
}
