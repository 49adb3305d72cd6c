import { toSnakeCase } from 'drizzle-orm/casing'
import pg from 'pg'
import {
  agentIndexes,
  briefIndexes,
  claimantIndexes,
  evaluatorIndexes,
  runChangeIndexes,
  runEventIndexes,
  runIndexes,
  stakedIndexes,
  unchangingEvents,
} from '../../ponder.schema.ts'

type Index = { table: string; indexes: Record<string, readonly string[]>; first?: string; where?: string }

/** An index of the tables, or one that begins with an expression (`first`), or a partial one that has some of the rows only. */
const indexesOf: Index[] = [
  { table: 'run', indexes: runIndexes },
  { table: 'run', indexes: evaluatorIndexes, where: 'evaluator IS NOT NULL' },
  { table: 'run', indexes: claimantIndexes, where: 'claimant IS NOT NULL' },
  { table: 'run', indexes: briefIndexes, first: 'ipfs_hash COLLATE "C"' },
  { table: 'agent', indexes: agentIndexes },
  { table: 'agent', indexes: stakedIndexes, where: 'staked_amount > 0' },
  { table: 'run_event', indexes: runEventIndexes },
  { table: 'run_event', indexes: runChangeIndexes, where: `name NOT IN ('${unchangingEvents.join(`', '`)}')` },
]

/** Statements that create the indexes of the tables in a schema, unless they exist. @param how such as CONCURRENTLY. */
export function indexStatements(schema: string, how = ''): string[] {
  return indexesOf.flatMap(({ table, indexes, first, where }) =>
    Object.entries(indexes).map(([name, columns]) => {
      const list = [...(first ? [first] : []), ...columns.map((column) => pg.escapeIdentifier(toSnakeCase(column)))]
      const index = pg.escapeIdentifier(`${table}_${toSnakeCase(name)}`)
      const create = `CREATE INDEX ${how} IF NOT EXISTS ${index} ON ${pg.escapeIdentifier(schema)}.${table} (${list.join(', ')})`
      return where ? `${create} WHERE ${where}` : create
    }),
  )
}

/**
 * Creates the indexes of a build that has caught up, and that readers do not see yet, while it indexes: a statement of Ponder's that
 * waits for 20 seconds ends the indexer. They remain when the indexer restarts.
 */
export async function createIndexes(client: pg.ClientBase, build: string): Promise<void> {
  // What an interrupted start has left.
  const { rows } = await client.query<{ index: string }>(
    `SELECT indexrelid::regclass AS index FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
     WHERE NOT indisvalid AND relnamespace = to_regnamespace($1)`,
    [pg.escapeIdentifier(build)],
  )
  for (const { index } of rows) await client.query(`DROP INDEX CONCURRENTLY ${index}`)
  for (const statement of indexStatements(build, 'CONCURRENTLY')) await client.query(statement)
  // New tables have no statistics, without which PostgreSQL chooses bad plans.
  for (const table of ['run', 'agent', 'run_event'])
    await client.query(`ANALYZE ${pg.escapeIdentifier(build)}.${table}`)
}
