import { type SQL, sql } from 'drizzle-orm'

/** How many words the briefs have in all, and how many tags. The n-th is used in proportion to 1 / n (Zipf's law). */
export const BRIEF_WORDS = 20_000
export const BRIEF_TAGS = 200

/** The n-th word and the n-th tag, from 1. */
export const briefWord = (n: number) => `word${n}`
export const briefTag = (n: number) => `tag${n}`

/**
 * Stores briefs and their items.
 * @param texts selects `uri`, `title`, `summary` and `tags`, a list.
 */
export const storeBriefs = (texts: SQL): SQL => sql`
  WITH texts AS MATERIALIZED (${texts}), items AS (
    INSERT INTO content.item (cid, media_type, bytes, attachments, charge, unnamed_since)
    SELECT substr(uri, 8), 'application/json', '', '{}', 1024, NULL FROM texts
  )
  INSERT INTO content.brief (uri, title, summary, tags, json)
  SELECT uri, title, summary, tags, json_build_object('title', title, 'summary', summary, 'tags', tags)::text FROM texts`

/**
 * Stores a brief for each of the newest `most` runs that has none, with words that all have, and with some of `BRIEF_WORDS`, and
 * two tags.
 */
export const manyBriefs = (most = Number.MAX_SAFE_INTEGER): SQL => {
  /** From 0 to 1, evenly spread. Shares with different salts are independent. */
  const share = (salt: number) => sql`((hashint8extended(bounty_id, ${salt}::int8) & 1073741823)::float8 / 1073741824)`
  const drawn = (count: number, salt: number) => sql`floor(${count}::float8 ^ ${share(salt)})::int8`
  const word = (salt: number) => sql`' word' || ${drawn(BRIEF_WORDS, salt)}`
  const words = (...salts: number[]) =>
    sql.join(
      salts.map((salt) => word(salt)),
      sql` || `,
    )
  return storeBriefs(sql`
    SELECT ipfs_hash AS uri, 'Do the work' || ${words(31, 32, 33, 34)} AS title,
      'As written here' || ${words(35, 36, 37, 38)} AS summary,
      ARRAY['tag' || ${drawn(BRIEF_TAGS, 39)}, 'tag' || ${drawn(BRIEF_TAGS, 40)}] AS tags
    FROM (
      SELECT DISTINCT ON (ipfs_hash) ipfs_hash, bounty_id
      FROM (SELECT ipfs_hash, bounty_id FROM run ORDER BY bounty_id DESC LIMIT ${most}::int8) AS newest
    ) AS run
    WHERE NOT EXISTS (SELECT FROM content.item WHERE uri = ipfs_hash)`)
}
