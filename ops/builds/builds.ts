import pg from 'pg'

/** Milliseconds after which Ponder takes a build whose process has not said that it lives for one that nobody runs. */
const HEARTBEAT_TIMEOUT = 25_000

/** What ops/startIndexer.ts calls the schema of a build. */
const NAME = '^runline_[0-9a-f]{10}$'

/** The schemas of all builds in a database. */
export async function listBuilds(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ schema: string }>(
    `SELECT schemaname AS schema FROM pg_tables WHERE tablename = '_ponder_meta' AND schemaname ~ $1 ORDER BY 1`,
    [NAME],
  )
  return rows.map(({ schema }) => schema)
}

/** Whether a process holds the build, or was killed less than 25 seconds ago. */
export async function isRunning(client: pg.ClientBase, build: string): Promise<boolean> {
  const { rows } = await client.query<{ app: { is_locked: 0 | 1; heartbeat_at: number } }>(
    `SELECT value AS app FROM ${pg.escapeIdentifier(build)}._ponder_meta WHERE key = 'app'`,
  )
  const app = rows[0]?.app
  return app?.is_locked === 1 && app.heartbeat_at + HEARTBEAT_TIMEOUT > Date.now()
}
