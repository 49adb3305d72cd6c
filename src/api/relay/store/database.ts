import pg from 'pg'
import type { Logger } from 'pino'
import { classifyReadError, isReadOnly } from '../../queries/failures.ts'
import { unavailable } from '../chain/client.ts'

/** Where a statement runs: on its own, or as a part of a transaction. */
export type Database = Pick<pg.Pool | pg.PoolClient, 'query'>

/**
 * Connections to the primary, for schema `relay`.
 * @param name of the connections, by which other replicas see that this one lives.
 */
export function openRelayPool(url: string, name: string, logger: Logger): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: name,
    max: 12,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 5_000,
    // Where PostgreSQL cannot be heard any more, its own time limit does not help.
    query_timeout: 6_000,
    // A process that is paused while it allocates a nonce locks the signer's row, which other replicas need. Signing
    // takes less than this.
    idle_in_transaction_session_timeout: 10_000,
    keepAlive: true,
  })
  // An idle connection that breaks; without a listener it would end the process. The next statement opens another.
  pool.on('error', (err) => logger.warn({ err }, 'A connection of the relay’s pool broke'))
  return pool
}

/** All that schema `relay` has of these types are integers: ids, counts, times and wei. */
const { INT8, NUMERIC } = pg.types.builtins
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => (oid === INT8 || oid === NUMERIC ? BigInt : pg.types.getTypeParser(oid, format)),
}

const statementNames = new Map<string, string>()

/**
 * The rows of a statement, its int8 and numeric columns as bigint. Each connection prepares it once: planning takes
 * PostgreSQL longer than most of them take.
 * @param text a constant of the program that names its columns: a prepared `*` fails once a newer build has added one.
 * @throws Problem RELAY_UNAVAILABLE if the database cannot do it now.
 */
export async function query<Row extends pg.QueryResultRow>(
  database: Database,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const name = statementNames.get(text) ?? `relay ${statementNames.size + 1}`
  statementNames.set(text, name)
  const { rows } = await stored(database.query<Row>({ name, text, values, types }))
  return rows
}

/** Runs `work` in one transaction: all of it is kept, or nothing where it throws. */
export async function transaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  // A connection that breaks while it is used fails the statement; without a listener it would end the process too.
  const ignore = () => undefined
  client.on('error', ignore)
  let broken: Error | undefined
  try {
    await client.query('BEGIN')
    const result = await work(client)
    await client.query('COMMIT').catch(inDoubt)
    return result
  } catch (error) {
    // A connection that takes no writes is not used again. `pool.query` ends its connection after any failure.
    if (isReadOnly(error)) broken = error
    await client.query('ROLLBACK').catch((cause) => {
      broken = cause
    })
    throw error
  } finally {
    client.off('error', ignore)
    client.release(broken)
  }
}

/** What PostgreSQL says of a COMMIT is certain; where the connection broke, it may have kept the work or not. */
function inDoubt(error: unknown): never {
  if (error instanceof pg.DatabaseError) throw error
  throw unavailable('The relay’s database broke off. Whether anything was stored is not known; send it again.', error)
}

/** @throws Problem RELAY_UNAVAILABLE if the database cannot do it now. */
export async function stored<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (classifyReadError(error)) throw unavailable('The relay’s database does not answer.', error)
    throw error
  }
}

/** Another transaction was faster, or both waited for each other: none of this one was kept, and it may be tried anew. */
export const isConflict = (error: unknown) =>
  error instanceof pg.DatabaseError && ['23505', '40001', '40P01'].includes(error.code ?? '')
