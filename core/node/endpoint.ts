import type { Logger } from 'pino'
import type { HttpTransport } from 'viem'
import type { Head } from './head.ts'
import { nodeHttp } from './http.ts'

/** A single endpoint may be slow. One of several is not waited for. */
const CHECK_TIMEOUT_MS = { single: 15_000, oneOfSeveral: 3_000 }

export const GENESIS: Head = { number: 0, timestamp: 0 }

export type State = 'usable' | 'failing' | 'behind' | 'refuted' | 'wrong chain'

export type Endpoint = {
  url: string
  /** Its host and its place in the list, for the log: two endpoints of one provider differ by their keys only. */
  name: string
  /** For checks. */
  node: ReturnType<HttpTransport>
  state: State
  /** The latest block that it has shown, by its last answer. */
  head: Head
  /** The chain that it served when it was last checked. */
  chainId?: number
  /** When it last answered, and when it was last checked. By `performance.now()`, like all times here. */
  answeredAt: number
  checkedAt: number
  checking?: { startedAt: number; result: Promise<void> }
  failures: number
  restsUntil: number
  /** Until when the provider accepts no requests. */
  limitedUntil: number
}

/** The endpoints of these URLs, which have not been checked. */
export function listEndpoints(rpcUrls: readonly string[]): Endpoint[] {
  const timeout = rpcUrls.length > 1 ? CHECK_TIMEOUT_MS.oneOfSeveral : CHECK_TIMEOUT_MS.single
  return rpcUrls.map((url, place) => ({
    url,
    name: `${new URL(url).host} (endpoint ${place + 1} of ${rpcUrls.length})`,
    // Both calls of a check are one request, so one node behind the endpoint answers them.
    node: nodeHttp(url, { timeout, retryCount: 0, batch: { wait: 0 } })({}),
    state: 'usable',
    head: GENESIS,
    answeredAt: Number.NEGATIVE_INFINITY,
    checkedAt: Number.NEGATIVE_INFINITY,
    failures: 0,
    restsUntil: 0,
    limitedUntil: 0,
  }))
}

/** Logs the state that an endpoint has entered. @param expected its chain, and the latest block of the others. */
export function logState(
  logger: Logger,
  { name, state, head, chainId }: Endpoint,
  expected: { chainId: number; latest: number },
  error?: unknown,
) {
  const about = { endpoint: name, head: head.number }
  if (state === 'wrong chain')
    logger.error({ ...about, chainId, expected: expected.chainId }, 'An endpoint serves another chain: it is not used')
  else if (state === 'failing') logger.warn({ ...about, err: error }, 'An endpoint of the node fails')
  else if (state === 'behind')
    logger.info({ ...about, latest: expected.latest }, 'An endpoint is behind another: it is not used')
  else if (state === 'refuted')
    logger.error(
      { ...about, timestamp: head.timestamp },
      'An endpoint shows a latest block that is impossible by the others: it is not used. If that repeats, remove it',
    )
  else logger.info(about, 'An endpoint of the node is used again')
}
