import { type SQL, sql } from 'drizzle-orm'
import { createBatcher } from '../../../core/batcher.ts'
import { refusedValue } from '../http/errors.ts'
import type { IndexReader, Tx } from '../index/reader.ts'

/** What is sought in briefs. */
export type Search = {
  /** Words, as `websearch_to_tsquery` reads them. */
  q?: string | undefined
  tag?: string | undefined
}

export const isSearch = ({ q, tag }: Search): boolean => q !== undefined || tag !== undefined

/**
 * The words and the tag as one query of `content.brief_words`. Either may be null. Words without letters and digits match
 * nothing, also beside a tag.
 */
function tsqueryOf(q: SQL, tag: SQL): SQL {
  const ofWords = sql`websearch_to_tsquery('simple', ${q})`
  const ofTag = sql`('''#' || ${tag} || '''')::tsquery`
  return sql`case when numnode(${ofWords}) = 0 then ''::tsquery else coalesce(${ofWords} && ${ofTag}, ${ofWords}, ${ofTag}) end`
}

const queryOf = ({ q, tag }: Search) => tsqueryOf(sql`${q ?? null}::text`, sql`${tag ?? null}::text`)

/** Whether the words of a brief match. */
export const matchWords = (search: Search): SQL => sql`words @@ (${queryOf(search)})`

/**
 * Without a word that a brief must have, PostgreSQL would read the words of all briefs. Its `querytree` has what an index
 * finds: T means nothing.
 * @throws Problem VALIDATION_FAILED
 */
export async function refuseNegative(tx: Tx, search: Search): Promise<void> {
  if (!search.q?.includes('-')) return
  const { rows } = await tx.execute(sql`select querytree(${queryOf(search)}) = 'T' as "isNegative"`)
  if (!rows[0]?.isNegative) return
  const rule = 'must have a word without - beside each word with -, in each part between or; or give a tag'
  throw refusedValue('q', rule, search.q)
}

/** Which of the briefs match each search, by their URIs. */
async function briefsFound(tx: Tx, searches: readonly Search[], uris: readonly string[]) {
  const words = searches.map(({ q }) => q ?? null)
  const tags = searches.map(({ tag }) => tag ?? null)
  const { rows } = await tx.execute<{ place: string; uri: string }>(sql`
    with changed as materialized (
      select uri, words from content.brief_words where uri = any(${sql.param([...uris])}::text[])
    ), searches as materialized (
      select place, ${tsqueryOf(sql`q`, sql`tag`)} as query
      from unnest(${sql.param(words)}::text[], ${sql.param(tags)}::text[]) with ordinality as given (q, tag, place)
    )
    select place, uri from searches join changed on words @@ query`)
  const found = searches.map(() => new Set<string>())
  for (const { place, uri } of rows) found[Number(place) - 1]?.add(uri)
  return found
}

/** How many briefs one statement compares with searches, each pair counted. It takes some tenths of a second. */
const MAX_PAIRS = 100_000

export type SeekBriefs = (search: Search) => Promise<ReadonlySet<string>>

/**
 * Creates a function that finds which of the briefs a search matches, by their URIs. Concurrent calls share a transaction. Without
 * briefs it reads nothing: most blocks change no run. It throws a Problem INDEX_BEHIND.
 */
export function createSeeker(index: IndexReader, uris: readonly string[]): SeekBriefs {
  if (uris.length === 0) return async () => new Set()
  const seek = async (searches: readonly Search[]) =>
    (await index.read(undefined, (tx) => briefsFound(tx, searches, uris))).data
  return createBatcher(seek, { maxSize: Math.max(1, Math.floor(MAX_PAIRS / uris.length)) })
}
