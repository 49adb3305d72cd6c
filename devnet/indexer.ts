import { fileURLToPath } from 'node:url'
import getPort from 'get-port'
import { type ManagedProcess, startProcess } from './managedProcess.ts'

export type IndexerOptions = {
  databaseUrl: string
  /** The schema that readers use. */
  schema?: string
  chainId: number
  rpcUrl: string
  deploymentsDirectory: string
  /** A free port if absent. */
  port?: number | undefined
  /** Runs `ponder dev`, which reloads when a handler, the schema or the configuration changes. */
  reload?: boolean
  /** Switches readers to this build, once it has caught up with the one that they see. */
  redeploy?: boolean
  /** Starts the second indexer of a build, which takes over when the first one fails. */
  standby?: boolean
  /** The build that this one may replace even if it was replaced before. */
  replace?: string
  /** Another checkout to run; this one if absent. */
  directory?: string
  /** Further settings. */
  env?: Record<string, string>
  onLine?: ((line: string) => void) | undefined
}

export type Indexer = { part: ManagedProcess; port: number; url: string; stop(): Promise<void> }

const root = fileURLToPath(new URL('..', import.meta.url))
/** `ops/startIndexer.ts` imports it too. */
const ponderRate = new URL('../ops/ponderRate.ts', import.meta.url).href
const ponder = fileURLToPath(new URL('bin/ponder.js', import.meta.resolve('ponder')))

/**
 * Starts the indexer and waits until its HTTP server listens. Its tables may still be behind the chain, as `head`
 * shows.
 * @throws with its output if it does not start, for instance because the port is in use.
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
  const { reload = false, redeploy = false, standby = false, replace, directory = root, env } = options
  const part = await startProcess({
    name: 'The indexer',
    command: process.execPath,
    args: reload
      ? [
          '--import',
          ponderRate,
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
      : [
          'ops/startIndexer.ts',
          ...(redeploy ? ['--redeploy'] : []),
          ...(standby ? ['--standby'] : []),
          ...(replace ? ['--replace', replace] : []),
        ],
    directory,
    env: {
      DATABASE_URL: databaseUrl,
      DATABASE_SCHEMA: schema,
      CHAIN_ID: String(chainId),
      RPC_URL: rpcUrl,
      DEPLOYMENTS_DIR: deploymentsDirectory,
      PONDER_PORT: String(port),
      // Removed, because Ponder would prefer the API's port to its own flag.
      PORT: undefined,
      // The line that says that the server listens has this level.
      LOG_LEVEL: 'info',
      ...env,
    },
    onLine,
  })
  try {
    // While another session has the build's lock, Ponder waits for up to 25 seconds until its own lock expires.
    await part.saw(/Created HTTP server/, 60_000)
    return { part, port, url: `http://127.0.0.1:${port}`, stop: part.stop }
  } catch (error) {
    await part.stop()
    throw error
  }
}
