import { toSnakeCase } from 'drizzle-orm/casing'
import pg from 'pg'
import { agentIndexes, runDistinctValues, runEventIndexes, runIndexes } from '../../ponder.schema.ts'

/** Statements that create the indexes of the tables in a schema, unless they exist. */
export function indexStatements(schema: string): string[] {
  const tables = { run: runIndexes, agent: agentIndexes, run_event: runEventIndexes }
  return Object.entries(tables).flatMap(([table, indexes]) =>
    Object.entries<readonly string[]>(indexes).map(([name, columns]) => {
      const list = columns.map((column) => pg.escapeIdentifier(toSnakeCase(column))).join(', ')
      const index = pg.escapeIdentifier(`${table}_${toSnakeCase(name)}`)
      return `CREATE INDEX IF NOT EXISTS ${index} ON ${pg.escapeIdentifier(schema)}.${table} (${list})`
    }),
  )
}

/** The statement with which the next ANALYZE of the runs stores `runDistinctValues`. */
export function distinctValuesStatement(schema: string): string {
  const actions = Object.entries(runDistinctValues).map(
    ([column, count]) => `ALTER COLUMN ${pg.escapeIdentifier(toSnakeCase(column))} SET (n_distinct = ${count})`,
  )
  return `ALTER TABLE ${pg.escapeIdentifier(schema)}.run ${actions.join(', ')}`
}

/**
 * Creates the indexes of a build that has caught up, and that readers do not see yet. Each statement blocks the build's
 * writes while it runs, up to a second for a million runs. They remain when the indexer restarts.
 */
export async function createIndexes(client: pg.ClientBase, build: string): Promise<void> {
  for (const statement of indexStatements(build)) await client.query(statement)
  await client.query(distinctValuesStatement(build))
  // New tables have no statistics, without which PostgreSQL chooses bad plans.
  for (const table of ['run', 'agent', 'run_event'])
    await client.query(`ANALYZE ${pg.escapeIdentifier(build)}.${table}`)
}
