import pg from 'pg'

/** How long a connection may take. A primary that hangs accepts connections, and does not answer. */
export const CONNECT_TIMEOUT_MS = 5_000

/** Opens a connection of its own, which the caller ends. @throws if there is none in time. */
export async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: CONNECT_TIMEOUT_MS })
  await client.connect()
  return client
}
