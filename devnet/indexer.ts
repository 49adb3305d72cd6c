import { fileURLToPath } from 'node:url'
import getPort from 'get-port'
import { type Part, startPart } from './part.ts'

export type IndexerOptions = {
  databaseUrl: string
  /** The schema that readers use. */
  schema?: string
  chainId: number
  rpcUrl: string
  deploymentsDirectory: string
  /** A free one if absent. */
  port?: number | undefined
  /** Reloads when a handler, the schema or the configuration changes: `ponder dev` instead of production's process. */
  reload?: boolean
  /** Replaces the build that readers see, once it has caught up. */
  redeploy?: boolean
  onLine?: ((line: string) => void) | undefined
}

export type Indexer = { part: Part; port: number; url: string; stop(): Promise<void> }

const root = fileURLToPath(new URL('..', import.meta.url))
const ponder = fileURLToPath(new URL('bin/ponder.js', import.meta.resolve('ponder')))

/**
 * Starts the indexer and waits until its process serves. Its tables may still be behind the chain: readers see that by
 * `head`.
 * @throws with its output if it does not start, as when the port is taken.
 */
export async function startIndexer(options: IndexerOptions): Promise<Indexer> {
  const attempts = options.port ? 1 : 3
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(options, options.port || (await getPort()))
    } catch (error) {
      // Another process may take a free port between its choice and its use.
      const lostRace = error instanceof Error && error.message.includes('PONDER_PORT')
      if (!lostRace || attempt >= attempts) throw error
    }
  }
}

async function start(options: IndexerOptions, port: number): Promise<Indexer> {
  const { databaseUrl, schema = 'runline', chainId, rpcUrl, deploymentsDirectory, onLine } = options
  const { reload = false, redeploy = false } = options
  const part = await startPart({
    name: 'The indexer',
    command: process.execPath,
    args: reload
      ? [
          ponder,
          'dev',
          '--disable-ui',
          '--log-format',
          'json',
          '--log-level',
          'info',
          '--schema',
          schema,
          '--port',
          String(port),
        ]
      : ['ops/startIndexer.ts', ...(redeploy ? ['--redeploy'] : [])],
    directory: root,
    env: {
      DATABASE_URL: databaseUrl,
      DATABASE_SCHEMA: schema,
      CHAIN_ID: String(chainId),
      RPC_URL: rpcUrl,
      DEPLOYMENTS_DIR: deploymentsDirectory,
      PONDER_PORT: String(port),
      // Ponder would prefer it, the API's, to its own flag.
      PORT: undefined,
      // The line that tells it serves is of this level.
      LOG_LEVEL: 'info',
    },
    onLine,
  })
  try {
    // One that was killed holds its schema for up to 25 seconds more, which the next one waits.
    await part.saw(/Created HTTP server/, 60_000)
    return { part, port, url: `http://127.0.0.1:${port}`, stop: part.stop }
  } catch (error) {
    await part.stop()
    throw error
  }
}
