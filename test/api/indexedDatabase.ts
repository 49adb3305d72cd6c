import { inject } from 'vitest'
import { createDatabase } from '../../tools/devnet/postgres.ts'
import { freshDatabase } from '../support/database.ts'
import { indexedDatabaseAt } from '../support/indexedTables.ts'

export { blockHash, chainId, type IndexedDatabase, tablesSchema, viewsSchema } from '../support/indexedTables.ts'

/** `indexedDatabaseAt` with its own database, which has no tables yet and lasts until the end of the test run. */
export async function indexedDatabase() {
  return indexedDatabaseAt(await freshDatabase())
}

/** The name of a database whose tables are created and empty: one for all files of a worker. */
let template: Promise<string> | undefined

async function createTemplate(): Promise<string> {
  const index = await indexedDatabase()
  await index.create()
  await index.close()
  return new URL(index.url).pathname.slice(1)
}

/** As `indexedDatabase`, with empty tables: to copy them takes less time than to create them. */
export async function emptyIndex() {
  template ??= createTemplate()
  return indexedDatabaseAt(await createDatabase(inject('postgresUrl'), undefined, await template))
}
