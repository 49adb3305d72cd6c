import { getTableColumns, getTableName, type Table } from 'drizzle-orm'
import { toSnakeCase } from 'drizzle-orm/casing'
import pg from 'pg'
import { inTransaction } from '../../core/database/transaction.ts'
import * as tables from '../../ponder.schema.ts'

const INDEXED = [tables.head, tables.run, tables.agent, tables.runEvent, tables.payee, tables.poster, tables.marketDay]
const TABLES = [...INDEXED.map(getTableName), '_ponder_checkpoint']

/** The columns that this version of the index has. A copy of another version may have more. */
const columnsOf = (table: Table) => Object.keys(getTableColumns(table)).map(toSnakeCase).join(', ')

const emptyCopyOf = (table: Table) => {
  const name = getTableName(table)
  return `CREATE UNLOGGED TABLE chain_${name} AS SELECT ${columnsOf(table)} FROM ${name} WITH NO DATA`
}

/**
 * The audit's own tables: the differences found, and in the `chain_` tables the rows that the chain
 * requires. `agent_fact` has what each log says of an agent, and `debt` each payment that was deferred or collected. The
 * evaluator of a run is dropped once the events that it caused have its address.
 */
const EXTENSION = `
  ALTER TABLE run ADD PRIMARY KEY (bounty_id);
  ${emptyCopyOf(tables.run)};
  ${emptyCopyOf(tables.runEvent)};
  ALTER TABLE chain_run_event ADD COLUMN evaluator text;
  CREATE INDEX ON chain_run_event (bounty_id, name, id);
  CREATE INDEX ON chain_run_event (agent_id) WHERE name = 'BountyApproved';
  ${emptyCopyOf(tables.agent)};
  ALTER TABLE chain_agent DROP COLUMN step, DROP COLUMN agent_uri_block,
    ADD COLUMN status text;
  ${emptyCopyOf(tables.payee)};
  ALTER TABLE chain_payee DROP COLUMN fees_collected, DROP COLUMN unburned;
  CREATE UNLOGGED TABLE agent_fact
    (place text, id numeric, agent_uri text, agent_uri_truncated boolean, registered_at int8, registration_log text);
  CREATE INDEX ON agent_fact (id);
  CREATE UNLOGGED TABLE debt (place text, address text, change numeric);
  CREATE UNLOGGED TABLE difference (place serial PRIMARY KEY, subject text, field text, on_chain text, in_table text)`

/** How long to wait for the indexer's locks, which it holds while it reverts the rows of a reorg. */
const LOCK_TIMEOUT_MS = 5_000

/** The schema of the copy of `schema`, which readers use. */
export const copySchemaOf = (schema: string) => `audit_of_${schema}`

/**
 * Copies the tables that readers see into a schema of their own, in one repeatable-read transaction, so that all rows
 * are of one block. Later the audit holds no lock and no snapshot, however long it takes: a reorg has to wait only for
 * the copying.
 */
export async function copyTables(client: pg.ClientBase, schema: string): Promise<void> {
  const from = pg.escapeIdentifier(schema)
  const to = pg.escapeIdentifier(copySchemaOf(schema))
  await dropCopy(client, schema)
  const begin = `BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`
  const copy = async () => {
    await client.query(`CREATE SCHEMA ${to}`)
    for (const table of TABLES) await client.query(`CREATE UNLOGGED TABLE ${to}.${table} AS TABLE ${from}.${table}`)
  }
  await inTransaction(client, copy, begin)
  await client.query(EXTENSION)
}

/** Removes the copy. */
export async function dropCopy(client: pg.ClientBase, schema: string): Promise<void> {
  await client.query(`DROP SCHEMA IF EXISTS ${pg.escapeIdentifier(copySchemaOf(schema))} CASCADE`)
}
