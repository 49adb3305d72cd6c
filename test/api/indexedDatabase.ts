import { freshDatabase } from '../support/database.ts'
import { indexedDatabaseAt } from '../support/indexedTables.ts'

export { blockHash, chainId, type IndexedDatabase, viewsSchema } from '../support/indexedTables.ts'

/** `indexedDatabaseAt` for a database of its own, which ends with the run. */
export async function indexedDatabase() {
  return indexedDatabaseAt(await freshDatabase())
}
