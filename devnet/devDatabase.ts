import { createDatabase, dropDatabase, type Postgres, startPostgres } from './postgres.ts'

export type DevDatabase = {
  url: string
  /** The server, where it is ours. */
  server?: Postgres
  /** Removes what `openDevDatabase` made on a foreign server. Nobody may be connected any more. */
  drop(): Promise<void>
}

/**
 * An empty database for a devnet, because the indexer's cache of another Anvil's chain would be wrong for this one.
 * Where `serverUrl` is given it is made on that server, beside the database that the URL names, which stays untouched.
 * @param name The same for each devnet of one kind, so that a start drops what a killed one left.
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
    throw new Error(`DATABASE_URL: the database ${name} cannot be made: ${reason}`, { cause })
  }
}
