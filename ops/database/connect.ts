import pg from 'pg'
import { reasonOf } from '../../src/api/observability/describeError.ts'

/** How long a connection may take. A primary that hangs accepts connections, and does not answer. */
export const CONNECT_TIMEOUT_MS = 5_000

export type Connection = pg.Client & AsyncDisposable

/** Opens a connection of its own, which `await using` closes. @throws if there is none in time. */
export async function connect(connectionString: string, options?: string): Promise<Connection> {
  const timeout = { connectionTimeoutMillis: CONNECT_TIMEOUT_MS }
  const client = new pg.Client({ connectionString, ...timeout, ...(options !== undefined && { options }) })
  await client.connect()
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() })
}

/**
 * `connect`, for a command whose output an operator reads.
 * @param options of the session, such as `-c search_path=runline`.
 * @throws an error that names the server, and says what to check.
 */
export async function connectCommand(connectionString: string, options?: string): Promise<Connection> {
  try {
    return await connect(connectionString, options)
  } catch (error) {
    const { host, port } = new pg.Client({ connectionString })
    const failure = `Cannot connect to PostgreSQL at ${host}:${port} within ${CONNECT_TIMEOUT_MS / 1_000} s`
    throw new Error(
      `${failure}: ${reasonOf(error)}. Check DATABASE_URL, and that the server runs. Nothing was changed.`,
    )
  }
}
