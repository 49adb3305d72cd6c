import { createBatcher } from '../../../core/batcher.ts'
import type { IndexReader } from '../index/reader.ts'
import type { Change } from '../queries/changes.ts'
import { briefsFound, type Search } from '../queries/searches.ts'

/** How many briefs one statement compares with searches, each pair counted. It takes some tenths of a second. */
const MAX_PAIRS = 100_000

export type SeekBriefs = (search: Search) => Promise<ReadonlySet<string>>

/**
 * Creates a function that finds which briefs of changed runs a search matches, by their URIs. Concurrent calls share a
 * transaction. Without runs it reads nothing: most blocks change none. It throws a Problem INDEX_BEHIND.
 */
export function createSeeker(index: IndexReader, changes: readonly Change[]): SeekBriefs {
  const uris = [...new Set(changes.flatMap((change) => (change.type === 'run' ? [change.row.ipfsHash] : [])))]
  if (uris.length === 0) return async () => new Set()
  const seek = async (searches: readonly Search[]) =>
    (await index.read(undefined, (tx) => briefsFound(tx, searches, uris))).data
  return createBatcher(seek, { maxSize: Math.max(1, Math.floor(MAX_PAIRS / uris.length)) })
}
