import { createBatcher } from '../../../core/batcher.ts'
import type { IndexReader } from './indexReader.ts'
import type { SnapshotQuery, SnapshotResult } from './snapshot.ts'

/** With two statements at once, PostgreSQL runs the second while this process answers from the first. */
const CONCURRENCY = 2

/**
 * Creates a function that reads the data of a key. Concurrent calls share a statement, and so a block.
 * @param queryOf reads the data of each key, in the order of the keys.
 * @returns a function of a key and a block, which it waits for before it reads. It throws a Problem INDEX_BEHIND if the
 * index cannot be read, or does not reach the block in time.
 */
export function createBatchedRead<Key, Data>(
  index: IndexReader,
  queryOf: (keys: readonly Key[]) => SnapshotQuery<Data[]>,
) {
  const readWithOthers = createBatcher(
    async (keys: readonly Key[]): Promise<SnapshotResult<Data>[]> => {
      const { snapshot, data } = await index.read(queryOf(keys))
      return data.map((one) => ({ snapshot, data: one }))
    },
    { concurrency: CONCURRENCY },
  )

  return async (key: Key, minBlock = 0n): Promise<SnapshotResult<Data>> => {
    await index.reach(minBlock)
    const result = await readWithOthers(key)
    // A reorg after `reach` may have removed the block.
    return result.snapshot.number >= minBlock ? result : readOne(index, queryOf([key]), minBlock)
  }
}

/** As `createBatchedRead`, for a query without a key. */
export function createSharedRead<Data>(index: IndexReader, query: SnapshotQuery<Data>) {
  const read = createBatchedRead(index, (calls: readonly true[]) => async (db, moment) => {
    const result = await query(db, moment)
    return result && { ...result, data: calls.map(() => result.data) }
  })
  return (minBlock?: bigint) => read(true, minBlock)
}

/** Reads the data of one key, in a statement of its own. */
async function readOne<Data>(index: IndexReader, query: SnapshotQuery<Data[]>, minBlock: bigint) {
  const { snapshot, data } = await index.read(query, minBlock)
  if (data.length !== 1) throw new Error(`${data.length} results for one key`)
  return { snapshot, data: data[0] as Data }
}
