import pg from 'pg'
import type { Logger } from 'pino'
import { classifyReadError } from '../../../../core/database/failures.ts'
import { followFailover } from '../../../../core/database/followFailover.ts'
import { inTransactionOf } from '../../../../core/database/transaction.ts'
import { unavailable } from '../refusal.ts'

/** Runs statements, in a transaction or each on its own. */
export type Database = Pick<pg.Pool | pg.PoolClient, 'query'>

/** The connections of a process for requests, and for its keeper, which no request delays. */
export const CONNECTIONS = { requests: 8, keeper: 3 }

/**
 * Connections to the primary, for schema `relay`.
 * @param name the name of the connections, by which other replicas see that this one is running.
 */
export function openRelayPool(url: string, name: string, max: number, logger: Logger): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: name,
    max,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 5_000,
    // PostgreSQL's own timeout does not help if the connection is dead.
    query_timeout: 6_000,
    // A process that is paused while it places a transaction locks the signer's row, which other replicas need. The
    // timeout is longer than signing takes.
    idle_in_transaction_session_timeout: 10_000,
    keepAlive: true,
  })
  // What a former primary stores is lost.
  followFailover(pool, { url, logger })
  // Without a listener, a broken idle connection would end the process. The next statement opens a new one.
  pool.on('error', (err) => logger.warn({ err }, 'A connection of the relay’s pool broke'))
  return pool
}

/** In schema `relay` all values of these types are integers: ids, counts, times and wei. */
const { INT8, NUMERIC } = pg.types.builtins
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => (oid === INT8 || oid === NUMERIC ? BigInt : pg.types.getTypeParser(oid, format)),
}

const statementNames = new Map<string, string>()

/**
 * Runs a statement and returns its rows, with int8 and numeric columns as bigint. Each connection prepares it once,
 * because planning takes longer than most statements.
 * @param text a constant that names its columns: a prepared `*` fails after a newer build adds a column.
 * @throws Refusal RELAY_UNAVAILABLE if the database is temporarily unavailable.
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

/**
 * Runs `work` in one transaction, and rolls it back if `work` throws.
 * @throws Refusal RELAY_UNAVAILABLE if the connection broke during COMMIT.
 */
export const transaction = <T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> =>
  inTransactionOf(pool, work, inDoubt)

/** If the connection breaks during COMMIT, PostgreSQL may have committed or not. Its own errors are certain. */
function inDoubt(error: unknown): never {
  if (error instanceof pg.DatabaseError) throw error
  throw unavailable('The relay’s database broke off. Whether anything was stored is not known; send it again.', error)
}

/** @throws Refusal RELAY_UNAVAILABLE if the database is temporarily unavailable. */
export async function stored<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const failure = classifyReadError(error)
    // A missing column in schema `relay`, which this process migrates itself, is a defect.
    if (failure && failure !== 'schema') throw unavailable('The relay’s database does not answer.', error)
    throw error
  }
}

/** A conflict with a concurrent transaction. PostgreSQL rolled this one back, so it may be retried. */
export const isConflict = (error: unknown) =>
  error instanceof pg.DatabaseError && ['23505', '40001', '40P01'].includes(error.code ?? '')
