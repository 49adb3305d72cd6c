import { getTableName } from 'drizzle-orm'
import pg from 'pg'
import * as tables from '../../ponder.schema.ts'

const { head, run, agent, runEvent, payee, marketBand, partyBand, marketDay, agentBand, provenBand } = tables
const INDEXED = [head, run, agent, runEvent, payee, marketBand, partyBand, marketDay, agentBand, provenBand]
const TABLES = [...INDEXED.map(getTableName), '_ponder_checkpoint']

/**
 * Adds the indexes that make paging through the copy cheap, and the audit's own tables: its progress, the differences
 * found, and in the `logged_` tables what the logs read so far say.
 */
const EXTENSION = `
  ALTER TABLE run ADD PRIMARY KEY (bounty_id);
  ALTER TABLE agent ADD PRIMARY KEY (id);
  ALTER TABLE payee ADD PRIMARY KEY (address);
  CREATE INDEX ON run_event (block_number, log_index);
  CREATE INDEX ON run_event (bounty_id, id);
  CREATE INDEX ON run_event (agent_id) WHERE name = 'BountyApproved';
  CREATE UNLOGGED TABLE logged_agent
    (id numeric PRIMARY KEY, agent_uri text, registered_at int8, registration_log text);
  CREATE UNLOGGED TABLE logged_payee (address text PRIMARY KEY, owed numeric NOT NULL);
  CREATE UNLOGGED TABLE difference (place serial PRIMARY KEY, line text NOT NULL);
  CREATE UNLOGGED TABLE progress
    (phase text PRIMARY KEY, next numeric, compared int8 NOT NULL, at timestamptz DEFAULT now());
  INSERT INTO progress (phase, compared) VALUES ('copied', 0)`

/** How long to wait for the indexer's locks, which it holds while it reverts the rows of a reorg. */
const LOCK_TIMEOUT_MS = 5_000

/** The schema of the copy of `schema`, which readers use. */
export const copySchemaOf = (schema: string) => `audit_of_${schema}`

/**
 * Copies the tables that readers see into a schema of their own, in one repeatable-read transaction, so that all rows
 * are of one block. Later the audit holds no lock and no snapshot, however long it takes: a reorg has to wait only for
 * the copying.
 *
 * The copy is unlogged: a crash of PostgreSQL empties it, and `isCopied` is then false.
 */
export async function copyTables(client: pg.ClientBase, schema: string): Promise<void> {
  const from = pg.escapeIdentifier(schema)
  const to = pg.escapeIdentifier(copySchemaOf(schema))
  await client.query(`DROP SCHEMA IF EXISTS ${to} CASCADE`)
  await client.query(`BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`)
  try {
    await client.query(`CREATE SCHEMA ${to}`)
    for (const table of TABLES) await client.query(`CREATE UNLOGGED TABLE ${to}.${table} AS TABLE ${from}.${table}`)
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  }
  await client.query(EXTENSION)
}

/** Whether there is a complete copy, less than a day old, of an interrupted audit. */
export async function isCopied(client: pg.ClientBase, schema: string): Promise<boolean> {
  const { rows } = await client.query('SELECT to_regclass($1) AS progress', [`${copySchemaOf(schema)}.progress`])
  if (rows[0].progress === null) return false
  return (
    (await client.query(`SELECT FROM progress WHERE phase = 'copied' AND at > now() - interval '1 day'`)).rowCount === 1
  )
}

/** Removes the copy. */
export async function dropCopy(client: pg.ClientBase, schema: string): Promise<void> {
  await client.query(`DROP SCHEMA IF EXISTS ${pg.escapeIdentifier(copySchemaOf(schema))} CASCADE`)
}
