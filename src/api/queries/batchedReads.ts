import { createBatcher } from '../../../core/batcher.ts'
import type { IndexReader, ReadResult, Tx } from '../index/reader.ts'
import type { Snapshot } from '../index/snapshot.ts'

/** With two transactions at once, PostgreSQL runs the second while this process answers from the first. */
const CONCURRENCY = 2

/**
 * Creates a function that reads the data of a key. Concurrent calls share a transaction, and so a block: many actions are
 * mined in one block, and all are answered then.
 * @param read reads the data of each key, in the order of the keys.
 * @returns a function of a key, and of a block to wait for until the signal aborts. It throws a Problem INDEX_BEHIND if the index cannot be read.
 */
export function createBatchedRead<Key, Data>(
  index: IndexReader,
  read: (tx: Tx, block: Snapshot, keys: readonly Key[]) => Promise<Data[]>,
) {
  async function readAll(keys: readonly Key[]): Promise<ReadResult<Data>[]> {
    const { snapshot, data } = await index.read(undefined, (tx, block) => read(tx, block, keys))
    return data.map((one) => ({ snapshot, data: one }))
  }
  const readWithOthers = createBatcher(readAll, { concurrency: CONCURRENCY })
  return async (key: Key, reach?: { block: bigint; signal: AbortSignal }): Promise<ReadResult<Data>> => {
    if (reach) await index.head.until(({ number }) => number >= reach.block, reach.signal)
    return readWithOthers(key)
  }
}
