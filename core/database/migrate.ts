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
 * @throws if a newer build has migrated it, if it is older than version 1, or if the role may not create it.
 */
export async function migrateSchema(
  client: pg.ClientBase,
  { schema, lock, migrations }: SchemaMigrations,
): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock($1)', [lock])
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`)
  await assertReadable(client, schema)
  await client.query(`CREATE TABLE IF NOT EXISTS ${schema}.version (
    number int PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())`)
  const { rows } = await client.query(`SELECT coalesce(max(number), 0) AS number FROM ${schema}.version`)
  const [{ number }] = rows as [{ number: number }]
  if (number > migrations.length) {
    throw new Error(
      `Schema ${schema} is at version ${number}; this build knows ${migrations.length}. Run the newer build.`,
    )
  }
  for (const [position, step] of migrations.entries()) {
    if (position < number) continue
    await client.query(step)
    await client.query(`INSERT INTO ${schema}.version (number) VALUES ($1)`, [position + 1])
  }
}

/** Builds before the first release counted their versions in another table. */
async function assertReadable(client: pg.ClientBase, schema: string) {
  const { rows } = await client.query("SELECT to_regclass($1 || '.migration') AS former", [schema])
  if (rows[0].former === null) return
  throw new Error(
    `Schema ${schema} is of a build before version 1, which this build does not read. Use another database; or, once that ` +
      `build has no open claim or action, stop it, run \`DROP SCHEMA ${schema} CASCADE\`, and start this build again.`,
  )
}
