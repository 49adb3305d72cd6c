import pg from 'pg'
import { inTransaction } from '../../core/database/transaction.ts'
import { isUnlocked } from './buildLock.ts'
import { listBuilds } from './builds.ts'
import { VIEW_READS } from './views.ts'

/**
 * Drops the schemas of the builds that no reader sees and no process runs. Ponder's own `db prune` does not know our
 * views: it would drop the build that readers see whenever its process is down.
 * @returns the schemas, each with 'dropped' or the reason why it was kept.
 */
export async function pruneBuilds(client: pg.ClientBase): Promise<{ schema: string; why: string }[]> {
  const pruned = []
  for (const schema of await listBuilds(client)) {
    // The transaction keeps a process from starting the build until its schema is gone.
    const why = await inTransaction(client, async () => {
      const reason = await reasonToKeep(client, schema)
      if (reason === undefined) await client.query(`DROP SCHEMA ${pg.escapeIdentifier(schema)} CASCADE`)
      return reason
    })
    pruned.push({ schema, why: why ?? 'dropped' })
  }
  return pruned
}

async function reasonToKeep(client: pg.ClientBase, schema: string): Promise<string | undefined> {
  if (await isServed(client, schema)) return 'kept: readers see it'
  return (await isUnlocked(client, schema)) ? undefined : 'kept: it is running'
}

/** Whether a view reads one of the schema's tables. False if there is no such schema. */
async function isServed(client: pg.ClientBase, schema: string): Promise<boolean> {
  const { rowCount } = await client.query(`SELECT FROM ${VIEW_READS} WHERE build = $1`, [schema])
  return rowCount !== 0
}
