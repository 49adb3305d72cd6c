import { fileURLToPath } from 'node:url'
import { type ManagedProcess, startReady } from './managedProcess.ts'
import { onPort } from './ports.ts'
import { type ServiceOptions, serviceProcess } from './service.ts'

export type IndexerOptions = ServiceOptions & {
  /** Runs `ponder dev`, which reloads when a handler, the schema or the configuration changes. */
  reload?: boolean
  /** Switches readers to this build, once it has caught up with the one that they see. */
  redeploy?: boolean
  /** The build that this one may replace even if it was replaced before. */
  replace?: string
}

export type Indexer = { part: ManagedProcess; port: number; url: string; stop(): Promise<void> }

const ponder = fileURLToPath(new URL('bin/ponder.js', import.meta.resolve('ponder')))

/**
 * Starts the indexer and waits until its HTTP server listens. Its tables may still be behind the chain, as `head`
 * shows.
 * @throws with its output if it does not start, for instance because the port is in use.
 */
export function startIndexer(options: IndexerOptions): Promise<Indexer> {
  return onPort(options.port, 'PONDER_PORT', (port) => start(options, port))
}

async function start(options: IndexerOptions, port: number): Promise<Indexer> {
  const { schema = 'runline', reload = false, redeploy = false, replace } = options
  const dev = [ponder, 'dev', '--disable-ui', '--log-format', 'json', '--log-level', 'info']
  const args = reload
    ? [...dev, '--schema', schema, '--port', String(port), '--hostname', '127.0.0.1']
    : ['ops/startIndexer.ts', ...(redeploy ? ['--redeploy'] : []), ...(replace ? ['--replace', replace] : [])]
  // PORT is removed, because Ponder would prefer the API's port to its own flag.
  const settings = { PONDER_PORT: String(port), PORT: undefined }
  const indexer = serviceProcess('The indexer', args, options, settings)
  // While another session has the build's lock, it waits for up to 25 seconds.
  const { part } = await startReady(indexer, /Created HTTP server/, 60_000)
  return { part, port, url: `http://127.0.0.1:${port}`, stop: part.stop }
}
