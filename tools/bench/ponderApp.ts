import { fileURLToPath } from 'node:url'
import getPort from 'get-port'
import { type ManagedProcess, startProcess } from '../devnet/managedProcess.ts'
import type { BusyChain } from './busyChain.ts'

const ponder = fileURLToPath(new URL('bin/ponder.js', import.meta.resolve('ponder')))
const root = fileURLToPath(new URL('../..', import.meta.url))

/** The schema of the app's tables. */
export const PLAIN_SCHEMA = 'plain'

type Options = {
  /** `start` indexes and serves, `serve` only serves tables that are there. */
  command: 'start' | 'serve'
  databaseUrl: string
  chain: Pick<BusyChain, 'deployment' | 'rpcUrl' | 'deploymentsDirectory'>
  onLine?: ((line: string) => void) | undefined
}

/** Starts the Ponder app of tools/bench/plainPonder. Its HTTP server may not listen yet. */
export async function startPonderApp(options: Options): Promise<{ url: string; part: ManagedProcess }> {
  const { command, databaseUrl, chain, onLine } = options
  const flags = ['--log-level', 'info', '--log-format', 'json', '--root', 'tools/bench/plainPonder']
  const port = String(await getPort())
  const part = await startProcess({
    name: 'The plain Ponder app',
    command: process.execPath,
    args: [ponder, ...flags, command, '--schema', PLAIN_SCHEMA, '--port', port],
    directory: root,
    env: {
      DATABASE_URL: databaseUrl,
      CHAIN_ID: String(chain.deployment.chainId),
      RPC_URL: chain.rpcUrl,
      DEPLOYMENTS_DIR: chain.deploymentsDirectory,
      PORT: undefined,
    },
    onLine,
  })
  return { url: `http://127.0.0.1:${port}`, part }
}
