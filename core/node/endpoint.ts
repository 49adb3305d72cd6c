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

const STATES: Record<State, { level: 'info' | 'warn' | 'error'; text: string }> = {
  usable: { level: 'info', text: 'An endpoint of the node is used again' },
  failing: { level: 'warn', text: 'An endpoint of the node fails' },
  behind: { level: 'info', text: 'An endpoint is behind another: it is not used' },
  refuted: {
    level: 'error',
    text: 'An endpoint shows a latest block that is impossible by the others: it is not used. If that repeats, remove it',
  },
  'wrong chain': { level: 'error', text: 'An endpoint serves another chain: it is not used' },
}

/** Logs the state that an endpoint has entered. @param expected its chain, and the latest block of the others. */
export function logState(
  logger: Logger,
  { name, state, head: { number: head, timestamp }, chainId }: Endpoint,
  expected: { chainId: number; latest: number },
  err?: unknown,
) {
  const { level, text } = STATES[state]
  logger[level](
    { endpoint: name, head, timestamp, latest: expected.latest, chainId, expected: expected.chainId, err },
    text,
  )
}
