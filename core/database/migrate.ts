import type pg from 'pg'

/** What one schema of ours has been through, and is to go through. */
export type SchemaMigrations = {
  /** A plain identifier. */
  schema: string
  /** The advisory lock that serialises its migrations. Any number that no other user of the database uses. */
  lock: bigint
  /** In order. A released migration never changes. */
  migrations: readonly string[]
}

/**
 * Creates the schema if it is missing, and migrates it to the version of this build. Several processes may call it at once.
 * @param client in a transaction.
 * @throws if a newer build has migrated it, or if the role may not create it.
 */
export async function migrateSchema(
  client: pg.ClientBase,
  { schema, lock, migrations }: SchemaMigrations,
): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock($1)', [lock])
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`)
  await client.query(`CREATE TABLE IF NOT EXISTS ${schema}.migration (
    version int PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())`)
  const { rows } = await client.query(`SELECT coalesce(max(version), 0) AS version FROM ${schema}.migration`)
  const { version } = rows[0] as { version: number }
  if (version > migrations.length) {
    throw new Error(
      `Schema ${schema} is at version ${version}; this build knows ${migrations.length}. Run the newer build.`,
    )
  }
  for (const [position, step] of migrations.entries()) {
    if (position < version) continue
    await client.query(step)
    await client.query(`INSERT INTO ${schema}.migration (version) VALUES ($1)`, [position + 1])
  }
}
