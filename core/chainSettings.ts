import { readEnv } from './env.ts'

type ChainSettings = {
  /** Milliseconds between two polls for the latest block. */
  pollingInterval: number
  requestsPerSecond: number
  /** In a backfill, if the endpoints grant them. */
  mostBackfillRequestsPerSecond: number
  /** Blocks in one `eth_getLogs`; if absent, Ponder finds it by the errors of common providers. */
  logsRange?: number
}

type ChainDefaults = Pick<ChainSettings, 'pollingInterval' | 'requestsPerSecond'>

/** As the most that RPC_REQUESTS_PER_SECOND may be. */
const MOST_BACKFILL_REQUESTS_PER_SECOND = 500

/** Base, Base Sepolia, and chains not named here. */
const OP_STACK: ChainDefaults = { pollingInterval: 500, requestsPerSecond: 50 }
const defaults: Record<number, ChainDefaults> = {
  31337: { pollingInterval: 100, requestsPerSecond: 500 },
  8453: OP_STACK,
  84532: OP_STACK,
}

const env = readEnv(['CHAIN_ID', 'POLL_INTERVAL_MS', 'WS_URL', 'RPC_REQUESTS_PER_SECOND', 'LOGS_RANGE'])
const { pollingInterval, requestsPerSecond } = defaults[env.CHAIN_ID] ?? OP_STACK

/** Ponder's polls wait in a queue, so more polls than requests would delay each block by more than the one before. */
const POLLS_SHARE = 0.5

/** How the indexer asks the chain: the settings, else the chain's defaults. */
export const chainSettings: ChainSettings = {
  pollingInterval: env.POLL_INTERVAL_MS ?? pollingInterval,
  requestsPerSecond: env.RPC_REQUESTS_PER_SECOND ?? requestsPerSecond,
  // Who sets a rate knows what the endpoint grants.
  mostBackfillRequestsPerSecond: env.RPC_REQUESTS_PER_SECOND ?? MOST_BACKFILL_REQUESTS_PER_SECOND,
  ...(env.LOGS_RANGE !== undefined && { logsRange: env.LOGS_RANGE }),
}

/** Ponder refuses less. */
const SHORTEST_POLL_MS = 100

/** Milliseconds. With `blockTimeMs`, a poll waits until a block is due (node/timedPoll.ts). */
type Polls = { pollingInterval: number; blockTimeMs?: number }

/**
 * How Ponder polls on a chain with this time between blocks, in milliseconds: once for each block if blocks come faster than
 * the chain's default polls, unless POLL_INTERVAL_MS says otherwise. With WS_URL a poll costs no call until a block is there.
 */
export function pollsBy(blockTimeMs: number | undefined): Polls {
  const { pollingInterval, requestsPerSecond } = chainSettings
  if (env.POLL_INTERVAL_MS === undefined && env.WS_URL !== undefined) return { pollingInterval: SHORTEST_POLL_MS }
  if (env.POLL_INTERVAL_MS !== undefined || blockTimeMs === undefined) return { pollingInterval }
  if (blockTimeMs >= pollingInterval) return { pollingInterval }
  const shortestMs = Math.max(SHORTEST_POLL_MS, 1_000 / requestsPerSecond / POLLS_SHARE)
  if (blockTimeMs < shortestMs) return { pollingInterval: shortestMs }
  return { pollingInterval: SHORTEST_POLL_MS, blockTimeMs }
}

const least = 1_000 / chainSettings.pollingInterval / POLLS_SHARE
if (chainSettings.requestsPerSecond < least) {
  throw new Error(
    `RPC_REQUESTS_PER_SECOND is ${chainSettings.requestsPerSecond}, too few for a poll every ` +
      `${chainSettings.pollingInterval} ms: set at least ${Math.ceil(least)}, or a longer POLL_INTERVAL_MS`,
  )
}
