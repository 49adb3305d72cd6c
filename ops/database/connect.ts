import pg from 'pg'
import { reasonOf } from '../../core/describeError.ts'

/** How long a connection may take. A primary that hangs accepts connections, and does not answer. */
const CONNECT_TIMEOUT_MS = 5_000

export type Connection = pg.Client & AsyncDisposable

/**
 * Opens a connection of its own, which `await using` closes. If it breaks, its next query fails.
 * @throws if there is none in time.
 */
export async function connect(connectionString: string, config: pg.ClientConfig = {}): Promise<Connection> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, ...config })
  client.on('error', () => undefined)
  await client.connect()
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() })
}

/**
 * `connect`, for a command whose output an operator reads.
 * @throws an error that names the server, and says what to check.
 */
export async function connectCommand(connectionString: string, config?: pg.ClientConfig): Promise<Connection> {
  try {
    return await connect(connectionString, config)
  } catch (error) {
    const { host, port } = new pg.Client({ connectionString })
    const failure = `Cannot connect to PostgreSQL at ${host}:${port} within ${CONNECT_TIMEOUT_MS / 1_000} s`
    throw new Error(
      `${failure}: ${reasonOf(error)}. Check DATABASE_URL, and that the server runs. Nothing was changed.`,
    )
  }
}
