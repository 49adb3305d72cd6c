import { readEnv } from './env.ts'

type ChainSettings = {
  /** Milliseconds between two polls for the latest block. */
  pollingInterval: number
  requestsPerSecond: number
  /** Blocks in one `eth_getLogs`; if absent, Ponder finds it by the errors of common providers. */
  logsRange?: number
}

type ChainDefaults = Pick<ChainSettings, 'pollingInterval' | 'requestsPerSecond'>

/** Base, Base Sepolia, and chains not named here. */
const OP_STACK: ChainDefaults = { pollingInterval: 500, requestsPerSecond: 300 }
const defaults: Record<number, ChainDefaults> = {
  31337: { pollingInterval: 100, requestsPerSecond: 500 },
  8453: OP_STACK,
  84532: OP_STACK,
}

const env = readEnv(['CHAIN_ID', 'POLL_INTERVAL_MS', 'RPC_REQUESTS_PER_SECOND', 'LOGS_RANGE'])
const { pollingInterval, requestsPerSecond } = defaults[env.CHAIN_ID] ?? OP_STACK

/** Ponder's polls wait in a queue, so more polls than requests would delay each block by more than the one before. */
const POLLS_SHARE = 0.5

/** How the indexer asks the chain: the settings, else the chain's defaults. */
export const chainSettings: ChainSettings = {
  pollingInterval: env.POLL_INTERVAL_MS ?? pollingInterval,
  requestsPerSecond: env.RPC_REQUESTS_PER_SECOND ?? requestsPerSecond,
  ...(env.LOGS_RANGE !== undefined && { logsRange: env.LOGS_RANGE }),
}

/** Ponder refuses less. */
const SHORTEST_POLL_MS = 100

/** Milliseconds. With `blockTimeMs`, a poll that comes too soon after a block waits (node/latestBlock.ts). */
type Polls = { pollingInterval: number; blockTimeMs?: number }

/**
 * How Ponder polls on a chain with this time between blocks, in milliseconds: once for each block if blocks come faster than
 * the chain's default polls, unless POLL_INTERVAL_MS says otherwise.
 */
export function pollsBy(blockTimeMs: number | undefined): Polls {
  const { pollingInterval, requestsPerSecond } = chainSettings
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
