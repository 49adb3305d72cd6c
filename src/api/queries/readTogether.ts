import { together } from '../together.ts'
import type { IndexReader } from './indexReader.ts'
import type { SnapshotQuery, Taken } from './snapshot.ts'

/**
 * Reads what several requests of one moment ask for in one statement, so that all are answered of one block.
 * @param queryOf reads the data of each key, in their order.
 * @returns a function of a key. @throws Problem INDEX_BEHIND if the index cannot be read.
 */
export function readTogether<Key, Data>(index: IndexReader, queryOf: (keys: readonly Key[]) => SnapshotQuery<Data[]>) {
  return together(async (keys: readonly Key[]): Promise<Taken<Data>[]> => {
    const { snapshot, data } = await index.read(queryOf(keys))
    return data.map((one) => ({ snapshot, data: one }))
  })
}
