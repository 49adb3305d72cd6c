import pLimit from 'p-limit'
import { BaseError, ExecutionRevertedError, type Hex, isHex, type PublicClient, RpcRequestError } from 'viem'
import { createChainClient } from '../../chainClient.ts'
import { Problem } from '../../http/errors.ts'

/** How long the node may take over one attempt. Milliseconds. */
const ATTEMPT_TIMEOUT = 2_000

/** How long the node may take over a question, whatever `Retry-After` it asks for. Milliseconds. */
const ANSWER_TIMEOUT = 4_500

/** Without a bound, a burst of claims overflows the node’s queue of connections, and each of the excess waits a second. */
const MAX_CONNECTIONS = 32

/** How many calls go in one HTTP request. A request for each call takes the API twice the time. */
const CALLS_PER_REQUEST = 10

/**
 * The relay’s own client: Ponder’s retries for a minute, and shares the indexer’s rate limit.
 * @param connections how many requests to the node are open at once.
 */
export function createRpc(url: string, connections = MAX_CONNECTIONS): PublicClient {
  const limit = pLimit(connections)
  return createChainClient(url, {
    http: {
      timeout: ATTEMPT_TIMEOUT,
      batch: { batchSize: CALLS_PER_REQUEST, wait: 0 },
      retryCount: 1,
      retryDelay: 100,
      fetchFn: (input, init) => limit(() => fetch(input, init)),
    },
  })
}

/** The relay cannot do its work for now. @param retryAfter Seconds. */
export const unavailable = (detail: string, cause?: unknown, retryAfter = 2) =>
  new Problem('RELAY_UNAVAILABLE', detail, { headers: { 'Retry-After': String(retryAfter) }, cause })

/** Whether the relay could not do its work, and may soon. */
export const isUnavailable = (error: unknown) => error instanceof Problem && error.code === 'RELAY_UNAVAILABLE'

/** For a `catch` where there is nothing to be known while node or database do not answer. @throws any other error. */
export function unlessUnavailable(error: unknown): undefined {
  if (!(error instanceof Problem)) throw error
}

/** Awaits it, but no longer. @throws Problem RELAY_UNAVAILABLE, saying `failure`, once so many milliseconds are over. */
export async function within<T>(milliseconds: number, question: Promise<T>, failure: string): Promise<T> {
  const { promise: timeout, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(unavailable(failure)), milliseconds)
  try {
    return await Promise.race([question, timeout])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Awaits the node's answer, bounded.
 * @throws Problem RELAY_UNAVAILABLE if the node gives none; what the contracts answer, a revert, is thrown as it is.
 */
export async function answer<T>(question: Promise<T>): Promise<T> {
  try {
    return await within(ANSWER_TIMEOUT, question, 'The chain’s node does not answer in time.')
  } catch (error) {
    if (error instanceof BaseError && !revertOf(error)) throw unavailable('The chain’s node does not answer.', error)
    throw error
  }
}

/** Nodes’ words for code that used up its gas or did what the EVM forbids: Anvil and Reth; Geth and Erigon. */
const HALTED =
  /EVM error|out ?of ?gas|OOG|invalid (opcode|jump)|stack (under|over)flow|stack limit|write protection|return data out of bounds/i

/** Whether the called code stopped without a revert. */
export const isHalt = (error: unknown) =>
  error instanceof Problem && error.cause instanceof BaseError && HALTED.test(refusalIn(error.cause)?.details ?? '')

/** What a reverted call returned; `data` is absent where the node gave none. */
export type Revert = { data: Hex | undefined }

/** The revert that an error of a client reports, or undefined where it is another failure. */
export function revertOf(error: unknown): Revert | undefined {
  if (!(error instanceof BaseError)) return undefined
  const refused = refusalIn(error)
  if (!refused) return undefined
  const data = revertData(refused.data)
  const reverted = refused.code === ExecutionRevertedError.code || /revert/i.test(refused.details)
  return data || reverted ? { data } : undefined
}

/** The node's own refusal, at the root of what a client throws for it. */
export function refusalIn(error: BaseError): RpcRequestError | undefined {
  const refused = error.walk((cause) => cause instanceof RpcRequestError)
  return refused instanceof RpcRequestError ? refused : undefined
}

/** Some nodes wrap the data in an object of their own. */
function revertData(data: unknown): Hex | undefined {
  if (typeof data === 'object' && data !== null && 'data' in data) return revertData(data.data)
  return isHex(data) ? data : undefined
}
