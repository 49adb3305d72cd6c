/**
 * A lock, a deadlock or a time limit was met: a reorg takes its locks for a moment only. A standby that has to replay
 * such a lock, or a vacuum, cancels the read that is in its way with 40001.
 */
const CONTENDED = ['40001', '40P01', '55P03', '57014']

/** PostgreSQL refused or ended the connection (also every code of class 08). */
const DISCONNECTED = ['53300', '57P01', '57P02', '57P03']

/** The server takes no writes now, as a primary that became a standby does. Another connection may lead to the primary. */
const READ_ONLY = '25006'

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

const PASSING = new Set([...CONTENDED, ...DISCONNECTED, READ_ONLY, ...UNREACHABLE])

/** node-postgres reports these without a code. */
const PASSING_MESSAGE = /^(Connection terminated|Client has encountered a connection error|Query read timeout)/
const POOL_EXHAUSTED = /^timeout exceeded when trying to connect/

const UNDEFINED_TABLE = '42P01'

/**
 * What a failed read says about the index.
 * - `missing`: the indexer has not made its tables or views yet, or a new build is replacing the views.
 * - `passing`: likely to succeed at once on another try.
 * - `exhausted`: all connections are busy; another try would lengthen the queue.
 */
export type ReadFailure = 'missing' | 'passing' | 'exhausted'

/** Whether this, or what caused it, is a write that was refused because the server at the other end takes none. */
export const isReadOnly = (error: unknown): error is Error =>
  error instanceof Error && (('code' in error && error.code === READ_ONLY) || isReadOnly(error.cause))

/** Undefined if the error is a defect of a statement, not a state of the database. */
export function classifyReadError(error: unknown): ReadFailure | undefined {
  if (!(error instanceof Error)) return undefined
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (code === UNDEFINED_TABLE) return 'missing'
  if (PASSING.has(code) || code.startsWith('08') || PASSING_MESSAGE.test(error.message)) return 'passing'
  return POOL_EXHAUSTED.test(error.message) ? 'exhausted' : undefined
}
