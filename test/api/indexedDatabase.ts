import { freshDatabase } from '../support/database.ts'
import { indexedDatabaseAt } from '../support/indexedTables.ts'

export { blockHash, chainId, type IndexedDatabase, viewsSchema } from '../support/indexedTables.ts'

/** `indexedDatabaseAt` with its own database, which lasts until the end of the test run. */
export async function indexedDatabase() {
  return indexedDatabaseAt(await freshDatabase())
}
