import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import { indexStatements } from '../../ops/builds/indexes.ts'
import { countRuns } from '../../test/support/indexedTables.ts'
import { manyRuns } from '../../test/support/manyRuns.ts'

/** The lowest id of the added runs, above any id on the chain. */
const firstAdded = 1_000_000_000

/** Inserts the same runs and their counts into the tables in each schema. No indexer of these schemas may run. */
export async function addRuns(databaseUrl: string, schemas: string[], runs: number) {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  const db = drizzle(client)
  // Without the indexer's triggers, which record what a reorg must revert: these runs belong to no block.
  await db.execute(sql`SET session_replication_role = replica`)
  // Building an index is faster than filling it row by row.
  await db.execute(sql`SET maintenance_work_mem = '256MB'`)
  const like = sql.identifier(schemas[0] ?? '')
  const tables = ['run', 'poster', 'market_day'].map((name) => sql.identifier(name))
  for (const table of tables) {
    await db.execute(sql`CREATE TEMP TABLE ${table} (LIKE ${like}.${table} INCLUDING DEFAULTS)`)
  }
  await db.execute(sql`ALTER TABLE pg_temp.poster ADD PRIMARY KEY (address)`)
  await db.execute(manyRuns(runs, BigInt(Math.floor(Date.now() / 1_000)), firstAdded))
  for (const statement of countRuns) await db.execute(statement)
  for (const name of schemas) {
    await dropIndexes(client, name)
    for (const table of tables) {
      await db.execute(sql`INSERT INTO ${sql.identifier(name)}.${table} SELECT * FROM pg_temp.${table}`)
    }
    for (const statement of indexStatements(name)) await client.query(statement)
  }
  for (const table of tables) await db.execute(sql`DROP TABLE pg_temp.${table}`)
  await client.end()
}

/** Drops the indexes of runs that `indexStatements` creates. */
async function dropIndexes(client: pg.Client, schema: string) {
  const { rows } = await client.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, indexname) AS name FROM pg_indexes
     WHERE schemaname = $1 AND tablename = 'run' AND indexdef NOT LIKE 'CREATE UNIQUE%'`,
    [schema],
  )
  for (const { name } of rows) await client.query(`DROP INDEX ${name}`)
}
