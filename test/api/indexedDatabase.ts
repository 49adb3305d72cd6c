import { indexedDatabaseAt } from '../../testkit/indexedTables.ts'
import { freshDatabase } from '../support/database.ts'

export { blockHash, chainId, type IndexedDatabase, viewsSchema } from '../../testkit/indexedTables.ts'

/** `indexedDatabaseAt` with its own database, which lasts until the end of the test run. */
export async function indexedDatabase() {
  return indexedDatabaseAt(await freshDatabase())
}
