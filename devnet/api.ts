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
  /** Where the operator sees signers and metrics; a free one if absent. */
  opsPort?: number | undefined
  /** The key that pays for claims; without one the claim route answers 503. */
  relayerKey?: Hex | undefined
  /** Whether claims without a wallet's signature are accepted. */
  allowUnsignedClaims?: boolean
  /** Starts anew when a source file changes: Node's watcher runs the server. */
  reload?: boolean
  /** Further variables for the process. */
  env?: Record<string, string>
  onLine?: ((line: string) => void) | undefined
}

export type Api = {
  part: Part
  port: number
  url: string
  /** Of the operator's port. */
  opsUrl: string
  /** As the part's; with `reload` also once a server that had listened fails, which its watcher outlives. */
  ended: Promise<string>
  stop(): Promise<void>
}

/** All clients of a devnet come from this machine's address, with the few wallets of Anvil's accounts. */
const noLimits = {
  REQUESTS_PER_MINUTE: '1000000',
  PROBES_PER_MINUTE: '1000000',
  CLAIMS_PER_MINUTE: '1000000',
  WALLET_CLAIMS_PER_MINUTE: '1000000',
  WALLET_CLAIMS_PER_DAY: '1000000',
}

/**
 * As `npm run start:api`. In megabytes: what a request leaves behind is collected a quarter as often as with Node's 16,
 * and most of it takes no longer then, for it is garbage already.
 */
const youngGeneration = '--max-semi-space-size=64'

const listens = /"port":(\d+),"opsPort":(\d+),"msg":"API listens"/
const failed = /^Failed running/

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Starts the API and waits until it listens.
 * @throws with its output if it does not, as when the port is taken.
 */
export async function startApi(options: ApiOptions): Promise<Api> {
  const { databaseUrl, schema = 'runline', chainId, rpcUrl, deploymentsDirectory, port = 0, opsPort = 0 } = options
  const { relayerKey, allowUnsignedClaims, reload = false, env = {}, onLine } = options
  const crashed = Promise.withResolvers<string>()
  let isListening = false
  const part = await startPart({
    name: 'The API',
    command: process.execPath,
    args: [youngGeneration, ...(reload ? ['--watch', '--watch-preserve-output'] : []), 'src/api/server.ts'],
    directory: root,
    env: {
      DATABASE_URL: databaseUrl,
      DATABASE_READ_URL: undefined,
      DATABASE_SCHEMA: schema,
      CHAIN_ID: String(chainId),
      RPC_URL: rpcUrl,
      DEPLOYMENTS_DIR: deploymentsDirectory,
      PORT: String(port),
      OPS_PORT: String(opsPort),
      RELAYER_PRIVATE_KEY: relayerKey,
      ALLOW_UNSIGNED_CLAIMS: allowUnsignedClaims === undefined ? undefined : String(allowUnsignedClaims),
      // The line that tells the port is of this level.
      LOG_LEVEL: 'info',
      ...noLimits,
      ...env,
    },
    onLine(line) {
      onLine?.(line)
      // A failure before it listens is a broken edit, which the next edit may mend.
      if (failed.test(line) && isListening) crashed.resolve('crashed')
      isListening = listens.test(line) || (isListening && !line.startsWith('Restarting'))
    },
  })
  try {
    const [line, bound, boundOps] = await part.saw(new RegExp(`${listens.source}|${failed.source}`), 20_000)
    if (failed.test(line)) throw part.failure('does not start')
    const ended = Promise.race([part.ended, crashed.promise])
    const url = `http://127.0.0.1:${bound}`
    return { part, port: Number(bound), url, opsUrl: `http://127.0.0.1:${boundOps}`, ended, stop: part.stop }
  } catch (error) {
    await part.stop()
    throw error
  }
}
