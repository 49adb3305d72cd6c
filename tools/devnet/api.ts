import type { Hex } from 'viem'
import { type ManagedProcess, startReady } from './managedProcess.ts'
import { type ServiceOptions, serviceProcess } from './service.ts'

export type ApiOptions = ServiceOptions & {
  /** The operator's port, with signers and metrics; a free port if absent. */
  opsPort?: number | undefined
  /** The key that pays for claims; without it the claim route answers 503. */
  relayerKey?: Hex | undefined
  /** Whether claims without a wallet's signature are accepted. */
  allowUnsignedClaims?: boolean
  /** Runs the server under Node's watcher, which restarts it when a source file changes. */
  reload?: boolean
}

export type Api = {
  part: ManagedProcess
  port: number
  url: string
  /** URL of the operator's port. */
  opsUrl: string
  /**
   * As the process's; with `reload` also once a server that has listened crashes, because its watcher keeps running.
   */
  ended: Promise<string>
  stop(): Promise<void>
}

/** Limits that are never reached: all clients of a devnet share one address and few wallets. */
const noLimits = {
  REQUESTS_PER_MINUTE: '1000000',
  PROBES_PER_MINUTE: '1000000',
  CLAIMS_PER_MINUTE: '1000000',
  STREAMS_PER_CLIENT: '1000000',
  WALLET_CLAIMS_PER_MINUTE: '1000000',
  WALLET_CLAIMS_PER_DAY: '1000000',
  CONTENT_KB_PER_DAY: '1000000',
  WALLET_BUDGET_PERCENT: '100',
  AGENT_BUDGET_PERCENT: '100',
  POSTER_BUDGET_PERCENT: '100',
  NEWCOMERS_BUDGET_PERCENT: '100',
  POSTS_BUDGET_PERCENT: '100',
  REGISTRATIONS_BUDGET_PERCENT: '100',
  ANYONE_BUDGET_PERCENT: '100',
}

/** The limits of production: an empty setting counts as absent. */
export const productionLimits: Record<string, string> = Object.fromEntries(
  Object.keys(noLimits).map((name) => [name, '']),
)

/**
 * The same as in `npm run start:api`, in megabytes. With four times Node's default of 16, the garbage of requests is
 * collected a quarter as often, and each collection takes about as long, because it only copies live objects.
 */
export const youngGenerationFlag = '--max-semi-space-size=64'

const listens = /"port":(\d+),"opsPort":(\d+),"msg":"API listens"/
const failed = /^Failed running/

/**
 * Starts the API and waits until it listens.
 * @throws with its output if it does not start, for instance because the port is in use.
 */
export async function startApi(options: ApiOptions): Promise<Api> {
  const { port = 0, opsPort = 0, relayerKey, allowUnsignedClaims, reload = false, onLine } = options
  const crashed = Promise.withResolvers<string>()
  let isListening = false
  const args = [youngGenerationFlag, ...(reload ? ['--watch', '--watch-preserve-output'] : []), 'src/api/start.ts']
  const settings = {
    DATABASE_READ_URL: undefined,
    PORT: String(port),
    OPS_PORT: String(opsPort),
    RELAYER_PRIVATE_KEY: relayerKey,
    ALLOW_UNSIGNED_CLAIMS: allowUnsignedClaims === undefined ? undefined : String(allowUnsignedClaims),
    ...noLimits,
  }
  const server = serviceProcess('The API', args, options, settings)
  const ready = new RegExp(`${listens.source}|${failed.source}`)
  const { part, match } = await startReady({ ...server, onLine: watchLine }, ready, 60_000)
  const [line, bound, boundOps] = match
  if (failed.test(line)) {
    await part.stop()
    throw part.failure('does not start')
  }
  const ended = Promise.race([part.ended, crashed.promise])
  const url = `http://127.0.0.1:${bound}`
  return { part, port: Number(bound), url, opsUrl: `http://127.0.0.1:${boundOps}`, ended, stop: part.stop }

  function watchLine(line: string) {
    onLine?.(line)
    // A crash before it listens is a broken edit of a source file, which the next edit may fix.
    if (failed.test(line) && isListening) crashed.resolve('crashed')
    isListening = listens.test(line) || (isListening && !line.startsWith('Restarting'))
  }
}
