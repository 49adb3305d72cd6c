import pLimit from 'p-limit'
import { BaseError, ExecutionRevertedError, type Hex, isHex, type PublicClient, RpcRequestError } from 'viem'
import { createChainClient } from '../../../../core/node/chainClient.ts'
import type { Endpoints } from '../../../../core/node/endpoints.ts'
import { Refusal, unavailable } from '../refusal.ts'

/** The timeout of one attempt. */
const ATTEMPT_TIMEOUT_MS = 2_000

/** The timeout of a call with all its retries, whatever `Retry-After` the node sends. */
const ANSWER_TIMEOUT_MS = 4_500

/**
 * Without this limit a burst of claims overflows the node’s backlog, and each connection beyond it waits for a second.
 */
const MAX_CONNECTIONS = 32

/** The most calls of one HTTP request. One request per call would take the API twice the CPU time. */
const CALLS_PER_REQUEST = 10

/**
 * The relay’s own client, because Ponder’s client retries for a minute and shares the indexer’s rate limit.
 * @param connections the most requests that are open at once.
 */
export function createRpc(node: Endpoints | string, connections = MAX_CONNECTIONS): PublicClient {
  const limit = pLimit(connections)
  return createChainClient(node, {
    http: {
      timeout: ATTEMPT_TIMEOUT_MS,
      batch: { batchSize: CALLS_PER_REQUEST, wait: 0 },
      retryCount: 1,
      retryDelay: 100,
      fetchFn: (input, init) => limit(() => fetch(input, init)),
    },
  })
}

/** Awaits the promise. @throws Refusal RELAY_UNAVAILABLE with the detail `failure` after so many milliseconds. */
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
 * Awaits the node's answer, with a timeout.
 * @throws Refusal RELAY_UNAVAILABLE if the node does not answer. Reverts of contracts are thrown unchanged.
 */
export async function answer<T>(question: Promise<T>): Promise<T> {
  try {
    return await within(ANSWER_TIMEOUT_MS, question, 'The chain’s node does not answer in time.')
  } catch (error) {
    if (error instanceof BaseError && !revertOf(error)) throw unavailable('The chain’s node does not answer.', error)
    throw error
  }
}

/** How nodes report that code used up its gas or broke a rule of the EVM: Anvil and Reth; Geth and Erigon. */
const HALTED =
  /EVM error|out ?of ?gas|OOG|invalid (opcode|jump)|stack (under|over)flow|stack limit|write protection|return data out of bounds/i

/** Whether the called code failed without a revert. */
export const isHalt = (error: unknown) =>
  error instanceof Refusal && error.cause instanceof BaseError && HALTED.test(refusalIn(error.cause)?.details ?? '')

/** The revert data of a call; absent if the node returned none. */
export type Revert = { data: Hex | undefined }

/** The revert that a client's error reports; undefined if the error is another failure. */
export function revertOf(error: unknown): Revert | undefined {
  if (!(error instanceof BaseError)) return undefined
  const refused = refusalIn(error)
  if (!refused) return undefined
  const data = revertData(refused.data)
  const reverted = refused.code === ExecutionRevertedError.code || /revert/i.test(refused.details)
  return data || reverted ? { data } : undefined
}

/** The node's own error among the causes of a client's error. */
export function refusalIn(error: BaseError): RpcRequestError | undefined {
  const refused = error.walk((cause) => cause instanceof RpcRequestError)
  return refused instanceof RpcRequestError ? refused : undefined
}

/** Some nodes wrap the data in an object. */
function revertData(data: unknown): Hex | undefined {
  if (typeof data === 'object' && data !== null && 'data' in data) return revertData(data.data)
  return isHex(data) ? data : undefined
}
