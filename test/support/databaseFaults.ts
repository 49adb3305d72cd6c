// Faults of a real PostgreSQL. Each function takes the URL of a database, and a role that may do this to all its sessions.
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { connect } from '../../ops/database/connect.ts'

/** Milliseconds between two tries to take a connection that another client has freed. */
const TAKE_INTERVAL_MS = 20

/** PostgreSQL's code `too_many_connections`. */
const TOO_MANY = '53300'

/** The other sessions of the database. */
const OTHERS = 'pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()'

/**
 * Cancels every statement that other sessions of the database run, about once a millisecond, as a storm of
 * `pg_cancel_backend`. Resolves after `milliseconds`.
 */
export const cancelStatements = (url: string, milliseconds: number): Promise<void> =>
  repeatInDatabase(url, milliseconds, `PERFORM pg_cancel_backend(pid) FROM ${OTHERS} AND state = 'active'`)

/** Ends every other session of the database, about once a millisecond. Resolves after `milliseconds`. */
export const terminateSessions = (url: string, milliseconds: number): Promise<void> =>
  repeatInDatabase(url, milliseconds, `PERFORM pg_terminate_backend(pid) FROM ${OTHERS}`)

async function repeatInDatabase(url: string, milliseconds: number, statement: string): Promise<void> {
  await using client = await connect(url)
  await client.query(`DO $$ BEGIN
    WHILE clock_timestamp() < statement_timestamp() + interval '${milliseconds} milliseconds' LOOP
      ${statement};
      PERFORM pg_stat_clear_snapshot();
      PERFORM pg_sleep(0.001);
    END LOOP;
  END $$`)
}

/**
 * Takes every connection that the server has free, and each that another client frees later, as an application does
 * whose pool has no limit. New connections of others then get 53300, `too_many_connections`. Their open ones work.
 * @returns once all are taken, with a function that gives them back.
 */
export async function takeAllConnections(url: string): Promise<{ release(): Promise<void> }> {
  const taken: pg.Client[] = []
  let isOver = false

  async function takeFree(): Promise<void> {
    try {
      for (;;) taken.push(await connect(url, { application_name: 'another_application' }))
    } catch (error) {
      if (!(error instanceof pg.DatabaseError && error.code === TOO_MANY)) throw error
    }
  }

  async function takeLater(): Promise<void> {
    while (!isOver) {
      await sleep(TAKE_INTERVAL_MS)
      await takeFree()
    }
  }

  await takeFree()
  const taking = takeLater()
  return {
    async release() {
      isOver = true
      await taking
      await Promise.all(taken.map((client) => client.end()))
    },
  }
}

/**
 * Has PostgreSQL fail the next writes of a table with an error of the server, by a trigger. Other statements work.
 * @param table a table with its schema, quoted where needed.
 * @param sqlstate the code of the errors, such as `40001`.
 * @param times how many statements fail. They are counted also if their transactions are rolled back.
 */
export async function failWrites(url: string, table: string, sqlstate: string, times: number): Promise<void> {
  await using client = await connect(url)
  await client.query(`
    CREATE SCHEMA IF NOT EXISTS fault;
    CREATE SEQUENCE IF NOT EXISTS fault.failed;
    SELECT setval('fault.failed', 1, false);
    CREATE OR REPLACE FUNCTION fault.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF nextval('fault.failed') <= ${times} THEN
        RAISE EXCEPTION 'a fault of the test' USING ERRCODE = '${sqlstate}';
      END IF;
      RETURN NULL;
    END $$;
    CREATE OR REPLACE TRIGGER fault BEFORE INSERT OR UPDATE ON ${table}
      FOR EACH STATEMENT EXECUTE FUNCTION fault.fail()`)
}
