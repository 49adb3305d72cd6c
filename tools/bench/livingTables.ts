/**
 * Makes loaded tables as those of a market that continues after the load: runs have changed since then, and only
 * autovacuum vacuums, when PostgreSQL's own settings ask for it. So there are dead rows, pages that are not all visible,
 * and index entries of dead rows.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClientBase } from 'pg'
import type { runStates } from '../../ponder.schema.ts'
import { isQuick } from './workload.ts'

type State = (typeof runStates)[number]

export type RunTable = {
  /** As SQL names them. */
  table: string
  id: string
  /** Further statements of a block: those that count the runs `$1`, an array of ids, anew. */
  counts?: readonly string[]
}

/** The newest runs change, those of the last third of the market's time. The others have ended. */
const CHANGING_SHARE = 0.3

const RUNS_PER_BLOCK = 500

/** A change of state, and the change back, so that the market is the same afterwards. */
const changes: [State, State][] = [
  ['DRAFT', 'REJECTED'],
  ['OPEN', 'CLAIMED'],
  ['IN_PROGRESS', 'REVISION_REQUESTED'],
  ['SUBMITTED', 'APPROVED'],
]

const changed = changes.map(([one, other]) => `WHEN '${one}' THEN '${other}' WHEN '${other}' THEN '${one}'`).join(' ')

/** The statements that write the counts of the runs `$1` again, as a change of each run does. */
export const countsOf = (schema: string): string[] => [
  `UPDATE ${schema}.reward_band SET open = open WHERE lowest IN (
    SELECT rpad(left(reward::text, 2), length(reward::text), '0')::int8
    FROM ${schema}.run WHERE bounty_id = ANY($1))`,
  `UPDATE ${schema}.deadline_band SET open = open WHERE (seconds, lowest) IN (
    SELECT seconds, deadline / seconds * seconds
    FROM ${schema}.run CROSS JOIN (VALUES (3600), (345600)) AS band (seconds) WHERE bounty_id = ANY($1))`,
  `UPDATE ${schema}.party_count SET open = open WHERE party IN (
    SELECT party FROM ${schema}.run CROSS JOIN LATERAL (VALUES
      ('poster ' || poster_address), ('evaluator ' || evaluator), ('claimedBy ' || claimed_by)
    ) AS counted (party) WHERE bounty_id = ANY($1))`,
  `UPDATE ${schema}.market_day SET open = open WHERE day IN (
    SELECT created_at / 86400 * 86400 FROM ${schema}.run WHERE bounty_id = ANY($1))`,
]

/**
 * Changes the state of the newest runs, a block's runs in each transaction and in no order, and then back. It first waits
 * until autovacuum has seen the load, whose session must have ended, or called `pg_stat_force_next_flush`.
 */
export async function changeRuns(client: ClientBase, { table, id, counts = [] }: RunTable): Promise<void> {
  console.log(`  ${table} changes as in a living market`)
  await waitForAutovacuum(client)
  const { rows } = await client.query<{ id: string }>(
    `SELECT ${id}::text AS id FROM (
      SELECT ${id} FROM ${table} ORDER BY ${id} DESC
      LIMIT (SELECT ceil(${CHANGING_SHARE} * count(*))::int FROM ${table})
    ) AS newest ORDER BY md5(${id}::text)`,
  )
  const ids = rows.map(({ id }) => id)
  const change = `UPDATE ${table} SET state = CASE state ${changed} ELSE state END WHERE ${id} = ANY($1::int8[])`
  for (const _direction of ['there', 'back']) {
    for (let first = 0; first < ids.length; first += RUNS_PER_BLOCK) {
      const block = [ids.slice(first, first + RUNS_PER_BLOCK)]
      await client.query('BEGIN')
      for (const statement of [change, ...counts]) await client.query(statement, block)
      await client.query('COMMIT')
    }
  }
}

/** PostgreSQL looks for changed tables once a minute; a look at the benchmarks does not wait for this. */
export const autovacuumSettings: Record<string, string> = isQuick ? { autovacuum_naptime: '1s' } : {}

const AUTOVACUUM_LIMIT_MS = 180_000

/**
 * Waits until autovacuum has analysed each table of the database that the load filled: without statistics PostgreSQL
 * chooses bad plans, but a market is without them for its first minute only.
 * @throws if it has not after three minutes.
 */
async function waitForAutovacuum(client: ClientBase): Promise<void> {
  // When the table's setting or PostgreSQL's default asks for an ANALYZE. Temporary tables are not visible to autovacuum.
  const text = `SELECT string_agg(relid::regclass::text, ', ') AS tables
    FROM pg_stat_user_tables JOIN pg_class ON pg_class.oid = relid
    LEFT JOIN LATERAL pg_options_to_table(reloptions) AS option ON option_name = 'autovacuum_analyze_scale_factor'
    WHERE n_mod_since_analyze > 50 + coalesce(option_value::float8, 0.1) * greatest(reltuples, 0)
      AND schemaname !~ '^pg_temp'`
  let tables: string | null = null
  for (const limit = performance.now() + AUTOVACUUM_LIMIT_MS; performance.now() < limit; await sleep(1_000)) {
    tables = (await client.query<{ tables: string | null }>(text)).rows[0]?.tables ?? null
    if (tables === null) return
  }
  throw new Error(`Autovacuum has not analysed ${tables} within ${AUTOVACUUM_LIMIT_MS / 1_000} s`)
}
