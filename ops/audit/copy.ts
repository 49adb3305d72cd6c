import { getTableName } from 'drizzle-orm'
import pg from 'pg'
import {
  agent,
  agentBand,
  deadlineBand,
  head,
  payee,
  provenBand,
  rewardBand,
  run,
  runEvent,
} from '../../ponder.schema.ts'

const INDEXED = [head, run, agent, runEvent, payee, rewardBand, deadlineBand, agentBand, provenBand]
const TABLES = [...INDEXED.map(getTableName), '_ponder_checkpoint']

/**
 * What makes pages of the copy cheap, and where the audit keeps what it has learnt and how far it is. `told` tables
 * hold what the logs say, folded as far as they were read.
 */
const EXTENSION = `
  ALTER TABLE run ADD PRIMARY KEY (bounty_id);
  ALTER TABLE agent ADD PRIMARY KEY (id);
  ALTER TABLE payee ADD PRIMARY KEY (address);
  CREATE INDEX ON run_event (block_number, log_index);
  CREATE INDEX ON run_event (bounty_id, id);
  CREATE INDEX ON run_event (agent_id) WHERE name = 'BountyApproved';
  CREATE UNLOGGED TABLE told_agent (id numeric PRIMARY KEY, agent_uri text, registered_at int8, registration_log text);
  CREATE UNLOGGED TABLE told_payee (address text PRIMARY KEY, owed numeric NOT NULL);
  CREATE UNLOGGED TABLE difference (place serial PRIMARY KEY, line text NOT NULL);
  CREATE UNLOGGED TABLE progress
    (phase text PRIMARY KEY, next numeric, compared int8 NOT NULL, at timestamptz DEFAULT now());
  INSERT INTO progress (phase, compared) VALUES ('copied', 0)`

/** Milliseconds to wait for a lock of the indexer, which it holds while it takes back what a reorg takes back. */
const LOCK_TIMEOUT = 5_000

/** The schema of a copy. @param schema The one that readers use. */
export const copySchemaOf = (schema: string) => `audit_of_${schema}`

/**
 * Copies all that readers see, in one repeatable-read transaction, so that it is of one block, into a schema of its
 * own. The audit then holds no lock and no snapshot, however long it takes; only while it copies must a reorg wait.
 *
 * The copy is not logged: a crash of PostgreSQL empties it, and `isCopied` says so.
 */
export async function copyTables(client: pg.ClientBase, schema: string): Promise<void> {
  const [from, to] = [schema, copySchemaOf(schema)].map(pg.escapeIdentifier)
  await client.query(`DROP SCHEMA IF EXISTS ${to} CASCADE`)
  await client.query(`BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL lock_timeout = ${LOCK_TIMEOUT}`)
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

/** Whether there is a whole copy, from an audit that was interrupted less than a day ago. */
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
