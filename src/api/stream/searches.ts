import type { IndexReader } from '../index/reader.ts'
import { briefsFound, type Search } from '../queries/searches.ts'

/** Which briefs of runs that changed match a search, by `keyOfSearch`. */
export type FoundBriefs = ReadonlyMap<string, ReadonlySet<string>>

/** How many briefs one statement compares with searches, each pair counted. It takes some tenths of a second. */
const MAX_PAIRS = 100_000

/** Equal searches have equal keys. Undefined if nothing is sought. */
export const keyOfSearch = ({ q, tag }: Search): string | undefined =>
  q === undefined && tag === undefined ? undefined : JSON.stringify([q, tag])

/**
 * Finds those of the briefs that match each search. Without briefs it reads nothing: most blocks change no run.
 * @throws Problem INDEX_BEHIND if they cannot be read.
 */
export async function seekBriefs(
  index: IndexReader,
  uris: readonly string[],
  searches: Iterable<Search>,
): Promise<FoundBriefs> {
  const byKey = new Map<string, Search>()
  for (const search of searches) {
    const key = keyOfSearch(search)
    if (key !== undefined) byKey.set(key, search)
  }
  const found = new Map<string, ReadonlySet<string>>()
  const keys = [...byKey.keys()]
  if (uris.length === 0) return new Map(keys.map((key) => [key, new Set()]))
  const most = Math.max(1, Math.floor(MAX_PAIRS / uris.length))
  for (let start = 0; start < keys.length; start += most) {
    const asked = keys.slice(start, start + most)
    const sought = asked.flatMap((key) => byKey.get(key) ?? [])
    const { data } = await index.read(undefined, (tx) => briefsFound(tx, sought, uris))
    for (const [place, key] of asked.entries()) found.set(key, data[place] ?? new Set())
  }
  return found
}
