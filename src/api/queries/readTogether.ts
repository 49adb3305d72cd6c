import { createBatcher } from '../batcher.ts'
import type { IndexReader } from './indexReader.ts'
import type { SnapshotQuery, SnapshotResult } from './snapshot.ts'

/** Statements that run at once: PostgreSQL reads for the second while this process answers from the first. */
const CONCURRENCY = 2

/**
 * Reads what several requests of one moment ask for in one statement, so that all are answered of one block.
 * @param queryOf reads the data of each key, in their order.
 * @param options.maxSize how many are read in one statement.
 * @returns a function of a key, and of a block that must be reached. A request for a later block waits for it before it
 * reads. @throws Problem INDEX_BEHIND if the index cannot be read, or does not reach the block in time.
 */
export function readTogether<Key, Data>(
  index: IndexReader,
  queryOf: (keys: readonly Key[]) => SnapshotQuery<Data[]>,
  options: { maxSize?: number } = {},
) {
  const readWithOthers = createBatcher(
    async (keys: readonly Key[]): Promise<SnapshotResult<Data>[]> => {
      const { snapshot, data } = await index.read(queryOf(keys))
      return data.map((one) => ({ snapshot, data: one }))
    },
    { ...options, concurrency: CONCURRENCY },
  )

  return async (key: Key, minBlock = 0n): Promise<SnapshotResult<Data>> => {
    await index.reach(minBlock)
    const taken = await readWithOthers(key)
    // After a reorg the block before which that was known may be gone.
    return taken.snapshot.number >= minBlock ? taken : readOne(index, queryOf([key]), minBlock)
  }
}

/** Reads for several requests of one moment what is the same for all of them. See `readTogether`. */
export function readShared<Data>(index: IndexReader, query: SnapshotQuery<Data>) {
  const read = readTogether(index, (asked: readonly true[]) => async (db, moment) => {
    const taken = await query(db, moment)
    return taken && { ...taken, data: asked.map(() => taken.data) }
  })
  return (minBlock?: bigint) => read(true, minBlock)
}

/**
 * @param query of one key.
 * @throws Problem INDEX_BEHIND if the index cannot be read, or does not reach `minBlock` in time.
 */
export async function readOne<Data>(index: IndexReader, query: SnapshotQuery<Data[]>, minBlock?: bigint) {
  const { snapshot, data } = await index.read(query, minBlock)
  if (data.length !== 1) throw new Error(`${data.length} answers to one question`)
  return { snapshot, data: data[0] as Data }
}
