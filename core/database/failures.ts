/**
 * The read met a lock, a deadlock, a timeout or a cancellation. A reorg keeps its locks for milliseconds. A standby that replays such a
 * lock, or a vacuum, cancels conflicting reads with 40001.
 */
const CONTENDED = ['40001', '40P01', '55P03', '57014']

/** PostgreSQL refused or closed the connection. All codes of class 08 mean the same. */
const DISCONNECTED = ['53300', '57P01', '57P02', '57P03']

/** The server is read-only, such as a former primary after a failover. A new connection may reach the new primary. */
const READ_ONLY = '25006'

/** PostgreSQL has no disk space or no memory for the statement: `disk_full`, `out_of_memory`. */
const WITHOUT_RESOURCES = ['53100', '53200']

const UNREACHABLE = [
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
]

const TRANSIENT = new Set([...CONTENDED, ...DISCONNECTED, READ_ONLY, ...UNREACHABLE])

/** node-postgres reports these errors without a code. */
const TRANSIENT_MESSAGE = /^(Connection terminated|Client has encountered a connection error|Query read timeout)/
const POOL_EXHAUSTED = /^timeout exceeded when trying to connect/

/** PostgreSQL's `statement_timeout`. The code is that of any cancellation, and the text depends on its `lc_messages`. */
const STATEMENT_TIMEOUT = /^canceling statement due to statement timeout$/

/** `undefined_table`, `undefined_function`: the functions of schema `content` are created with its tables. */
const UNDEFINED = ['42P01', '42883']
const UNDEFINED_COLUMN = '42703'

/**
 * Why a read failed.
 * - `missing`: the indexer has not created its tables or views yet, or a new build is replacing the views.
 * - `transient`: an immediate retry will probably succeed.
 * - `exhausted`: all connections are busy, disk or memory is full, or the statement took too long, so an immediate retry
 *   would make it worse.
 * - `schema`: the tables lack a column, because a build of another version made them.
 */
export type ReadFailure = 'missing' | 'transient' | 'exhausted' | 'schema'

/** Whether the error, or one of its causes, says that the server is read-only. */
export const isReadOnly = (error: unknown): error is Error =>
  error instanceof Error && (('code' in error && error.code === READ_ONLY) || isReadOnly(error.cause))

/** @returns undefined if the error shows a defect in the statement, not a state of the database. */
export function classifyReadError(error: unknown): ReadFailure | undefined {
  if (!(error instanceof Error)) return undefined
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (UNDEFINED.includes(code)) return 'missing'
  if (code === UNDEFINED_COLUMN) return 'schema'
  if (STATEMENT_TIMEOUT.test(error.message)) return 'exhausted'
  if (TRANSIENT.has(code) || code.startsWith('08') || TRANSIENT_MESSAGE.test(error.message)) return 'transient'
  return WITHOUT_RESOURCES.includes(code) || POOL_EXHAUSTED.test(error.message) ? 'exhausted' : undefined
}
