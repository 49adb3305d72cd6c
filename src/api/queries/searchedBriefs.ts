import { type SQL, sql } from 'drizzle-orm'
import { plainQuery, type SnapshotQuery, withSnapshot } from './snapshot.ts'

/** What is sought in briefs. */
export type Search = {
  /** Words, as `websearch_to_tsquery` reads them. */
  q?: string | undefined
  tag?: string | undefined
}

/**
 * The words and the tag as one query of `content.brief_words`. Either may be null. Words without letters and digits match
 * nothing, also beside a tag.
 */
export function tsqueryOf(q: SQL, tag: SQL): SQL {
  const ofWords = sql`websearch_to_tsquery('simple', ${q})`
  const ofTag = sql`('''#' || ${tag} || '''')::tsquery`
  return sql`case when numnode(${ofWords}) = 0 then ''::tsquery else coalesce(${ofWords} && ${ofTag}, ${ofWords}, ${ofTag}) end`
}

type Row = { place: bigint | null; uri: string }

const findBriefs = plainQuery<Row>(
  'searched briefs',
  sql`${withSnapshot}, "changed" as materialized (
      select uri, words from content.brief_words where uri = any(${sql.placeholder('uris')}::text[])
    ), "searches" as materialized (
      select place, ${tsqueryOf(sql`q`, sql`tag`)} as query
      from unnest(${sql.placeholder('words')}::text[], ${sql.placeholder('tags')}::text[]) with ordinality as given (q, tag, place)
    )
    select "snapshot".*, place, uri
    from "snapshot" left join ("searches" join "changed" on words @@ query) on true`,
)

/** Which of the briefs match each search, by their URIs. */
export function briefsFound(searches: readonly Search[], uris: readonly string[]): SnapshotQuery<Set<string>[]> {
  const values = {
    uris: [...uris],
    words: searches.map(({ q }) => q ?? null),
    tags: searches.map(({ tag }) => tag ?? null),
  }
  const decode = (_: Row, rows: Row[]) => {
    const found = searches.map(() => new Set<string>())
    for (const { place, uri } of rows) if (place !== null) found[Number(place) - 1]?.add(uri)
    return found
  }
  return findBriefs(values, decode, { alone: true })
}
