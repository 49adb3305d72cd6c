import { randomUUID } from 'node:crypto'
import pg from 'pg'

/** In the schema of the build, so that it is dropped with it. Readers get no view of it. */
export const WITNESS_TABLE = 'witness'

/** PostgreSQL's codes for a missing table and a missing schema. */
const MISSING = ['42P01', '3F000']

/** How long the proof on a new connection may take. */
const PROOF_TIMEOUT_MS = 3_000

/**
 * A row of this process in an unlogged table. PostgreSQL empties unlogged tables when it recovers from a crash, a
 * standby or a restored base backup has them empty, and an orderly restart keeps them. So while the row is there, every
 * commit of this process is.
 */
export type Witness = {
  /** @returns false if the database may have lost commits since the process started. @throws if it cannot be read. */
  isThere(client: pg.ClientBase): Promise<boolean>
}

/** Stores the row, and deletes those of former processes. Only for the process that has the lock of the build. */
export async function createWitness(client: pg.ClientBase, build: string): Promise<Witness> {
  const schema = pg.escapeIdentifier(build)
  const id = randomUUID()
  await client.query(`
    CREATE SCHEMA IF NOT EXISTS ${schema};
    CREATE UNLOGGED TABLE IF NOT EXISTS ${schema}.${WITNESS_TABLE} (process uuid PRIMARY KEY)`)
  await client.query(`DELETE FROM ${schema}.${WITNESS_TABLE}`)
  await client.query(`INSERT INTO ${schema}.${WITNESS_TABLE} VALUES ($1)`, [id])
  const proof = {
    text: `SELECT FROM ${schema}.${WITNESS_TABLE} WHERE process = $1`,
    values: [id],
    query_timeout: PROOF_TIMEOUT_MS,
  }
  return {
    async isThere(client) {
      try {
        return (await client.query(proof)).rowCount === 1
      } catch (error) {
        if (error instanceof pg.DatabaseError && MISSING.includes(error.code ?? '')) return false
        throw error
      }
    },
  }
}
