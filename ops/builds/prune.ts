import pg from 'pg'

/** Milliseconds after which Ponder takes a build whose process has not said that it lives for one that nobody runs. */
const HEARTBEAT_TIMEOUT = 25_000

/** What ops/startIndexer.ts calls the schema of a build. */
const BUILD = '^runline_[0-9a-f]{10}$'

/**
 * Drops the schemas of builds that no reader sees and no process runs. Ponder's own `db prune` does not know what the
 * views of ours are of, and would take the build that is served whenever its process is down.
 * @returns the schemas, dropped and kept, with why.
 */
export async function pruneBuilds(client: pg.ClientBase): Promise<{ schema: string; why: string }[]> {
  const { rows: builds } = await client.query<{ schema: string; served: boolean }>(
    `SELECT schemaname AS schema, EXISTS (
       SELECT FROM pg_rewrite JOIN pg_depend ON objid = pg_rewrite.oid JOIN pg_class ON pg_class.oid = refobjid
       WHERE classid = 'pg_rewrite'::regclass AND refclassid = 'pg_class'::regclass
         AND relkind = 'r' AND relnamespace = schemaname::regnamespace
     ) AS served
     FROM pg_tables WHERE tablename = '_ponder_meta' AND schemaname ~ $1 ORDER BY 1`,
    [BUILD],
  )
  const pruned = []
  for (const { schema, served } of builds) {
    const why = served ? 'kept: readers see it' : (await isRunning(client, schema)) ? 'kept: it is running' : 'dropped'
    if (why === 'dropped') await client.query(`DROP SCHEMA ${pg.escapeIdentifier(schema)} CASCADE`)
    pruned.push({ schema, why })
  }
  return pruned
}

async function isRunning(client: pg.ClientBase, schema: string): Promise<boolean> {
  const { rows } = await client.query<{ app: { is_locked: 0 | 1; heartbeat_at: number } }>(
    `SELECT value AS app FROM ${pg.escapeIdentifier(schema)}._ponder_meta WHERE key = 'app'`,
  )
  const app = rows[0]?.app
  return app?.is_locked === 1 && app.heartbeat_at + HEARTBEAT_TIMEOUT > Date.now()
}
