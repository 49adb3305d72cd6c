import pg from 'pg'

/** How long after its last heartbeat Ponder counts a build as running. */
const HEARTBEAT_TIMEOUT_MS = 25_000

/** The names that ops/startIndexer.ts gives to builds' schemas. */
const NAME_PATTERN = '^runline_[0-9a-f]{10}$'

/** The schemas of all builds in a database. */
export async function listBuilds(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ schema: string }>(
    `SELECT schemaname AS schema FROM pg_tables WHERE tablename = '_ponder_meta' AND schemaname ~ $1 ORDER BY 1`,
    [NAME_PATTERN],
  )
  return rows.map(({ schema }) => schema)
}

/** Whether a process runs the build, or was killed less than 25 seconds ago. */
export async function isRunning(client: pg.ClientBase, build: string): Promise<boolean> {
  const { rows } = await client.query<{ app: { is_locked: 0 | 1; heartbeat_at: number } }>(
    `SELECT value AS app FROM ${pg.escapeIdentifier(build)}._ponder_meta WHERE key = 'app'`,
  )
  const app = rows[0]?.app
  return app?.is_locked === 1 && app.heartbeat_at + HEARTBEAT_TIMEOUT_MS > Date.now()
}
