import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

/**
 * Uses a new connection for a question or two, and closes it.
 * @param timeoutMs how long the connection may take to open, each of its queries to return, and it to close.
 * @throws if there is no connection or no answer in time.
 */
export async function withConnection<Result>(
  config: pg.ClientConfig,
  timeoutMs: number,
  use: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ ...config, connectionTimeoutMillis: timeoutMs, query_timeout: timeoutMs })
  // A query that fails reports the error too.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await use(client)
  } finally {
    await Promise.race([client.end(), sleep(timeoutMs, undefined, { ref: false })])
  }
}
