import { fileURLToPath } from 'node:url'
import type { ProcessOptions } from './managedProcess.ts'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** The options that indexer and API share. */
export type ServiceOptions = {
  databaseUrl: string
  /** The schema that readers use. */
  schema?: string
  chainId: number
  rpcUrl: string
  deploymentsDirectory: string
  /** A free port if absent. */
  port?: number | undefined
  /** Another checkout to run; this one if absent. */
  directory?: string
  /** Additional environment variables. */
  env?: Record<string, string>
  onLine?: ((line: string) => void) | undefined
}

/**
 * The process of the indexer or the API.
 * @param settings what it needs besides the shared settings; `undefined` removes a variable.
 */
export function serviceProcess(
  name: string,
  args: string[],
  options: ServiceOptions,
  settings: Record<string, string | undefined>,
): ProcessOptions {
  const { databaseUrl, schema = 'runline', chainId, rpcUrl, deploymentsDirectory, directory = root, onLine } = options
  const env = {
    DATABASE_URL: databaseUrl,
    DATABASE_SCHEMA: schema,
    CHAIN_ID: String(chainId),
    RPC_URL: rpcUrl,
    DEPLOYMENTS_DIR: deploymentsDirectory,
    // The line that says that the server listens has this level.
    LOG_LEVEL: 'info',
    ...settings,
    ...options.env,
  }
  return { name, command: process.execPath, args, directory, env, onLine }
}
