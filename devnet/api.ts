import { fileURLToPath } from 'node:url'
import type { Hex } from 'viem'
import { type Part, startPart } from './part.ts'

export type ApiOptions = {
  databaseUrl: string
  /** The schema that the indexer keeps for readers. */
  schema?: string
  chainId: number
  rpcUrl: string
  deploymentsDirectory: string
  /** A free one if absent. */
  port?: number | undefined
  /** The key that pays for claims; without one the claim route answers 503. */
  relayerKey?: Hex | undefined
  /** Whether claims without a wallet's signature are accepted. */
  allowUnsignedClaims?: boolean
  /** Starts anew when a source file changes. */
  reload?: boolean
  /** Further variables for the process. */
  env?: Record<string, string>
  onLine?: ((line: string) => void) | undefined
}

export type Api = { part: Part; port: number; url: string; stop(): Promise<void> }

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Starts the API and waits until it listens.
 * @throws with its output if it does not, as when the port is taken.
 */
export async function startApi(options: ApiOptions): Promise<Api> {
  const { databaseUrl, schema = 'runline', chainId, rpcUrl, deploymentsDirectory, port = 0 } = options
  const { relayerKey, allowUnsignedClaims, reload = false, env = {}, onLine } = options
  const part = await startPart({
    name: 'The API',
    command: process.execPath,
    args: [...(reload ? ['--watch', '--watch-preserve-output'] : []), 'src/api/server.ts'],
    directory: root,
    env: {
      DATABASE_URL: databaseUrl,
      DATABASE_SCHEMA: schema,
      CHAIN_ID: String(chainId),
      RPC_URL: rpcUrl,
      DEPLOYMENTS_DIR: deploymentsDirectory,
      PORT: String(port),
      RELAYER_PRIVATE_KEY: relayerKey,
      ALLOW_UNSIGNED_CLAIMS: allowUnsignedClaims === undefined ? undefined : String(allowUnsignedClaims),
      ...env,
    },
    onLine,
  })
  try {
    const [, bound] = await part.saw(/"port":(\d+).*"msg":"API listens"/, 20_000)
    return { part, port: Number(bound), url: `http://127.0.0.1:${bound}`, stop: part.stop }
  } catch (error) {
    await part.stop()
    throw error
  }
}
