import { createDatabase, dropDatabase, type Postgres, startPostgres } from './postgres.ts'

export type DevDatabase = {
  url: string
  /** The server, if `openDevDatabase` started it. */
  server?: Postgres
  /** Drops the database if it is on a server that we did not start. No client may be connected. */
  drop(): Promise<void>
}

/**
 * Creates an empty database for a devnet, because the indexer's cache of another Anvil chain would be wrong for this
 * one. With `serverUrl` it is created on that server, and the database that the URL names stays unchanged.
 * @param name A fixed name for each kind of devnet, so that a start drops the database that a killed devnet left.
 */
export async function openDevDatabase(options: {
  serverUrl: string | undefined
  port: number
  name: string
}): Promise<DevDatabase> {
  const { serverUrl, port, name } = options
  if (serverUrl === undefined) {
    const server = await startPostgres({ port })
    return { url: await server.createDatabase(name), server, drop: async () => {} }
  }
  try {
    await dropDatabase(serverUrl, name)
    return { url: await createDatabase(serverUrl, name), drop: () => dropDatabase(serverUrl, name) }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`DATABASE_URL: cannot create the database ${name}: ${reason}`, { cause })
  }
}
