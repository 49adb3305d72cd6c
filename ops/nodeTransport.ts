import { setTimeout as sleep } from 'node:timers/promises'
import {
  BaseError,
  HttpRequestError,
  MethodNotSupportedRpcError,
  RpcRequestError,
  TimeoutError,
  type Transport,
} from 'viem'
import { nodeHttp } from '../src/api/chainClient.ts'
import { createSecretFilter, filterError } from '../src/api/observability/urlSecrets.ts'

/** Retried, because a node behind a load balancer may get a block a moment after another node has served it. */
const RETRY_DELAY_MS = 250
const TRIES = 4

/** The calls that name a block by its hash. */
const CALLS_BY_BLOCK_HASH = ['eth_getLogs', 'eth_getBlockReceipts']

/** The errors for a block that the node does not have: of geth and Anvil; of Reth, Erigon and Besu; of Nethermind. */
const UNKNOWN_BLOCK = /unknown block|block not found|header not found|could not be found/i

/**
 * A call without an answer for this long is sent again, beside the first: a slow node still answers the first, and a node
 * that had hung answers the second.
 */
const RESEND_MS = 2_000

/** A call without an answer for this long fails. While Ponder indexes the past, it then ends, and is restarted. */
const OUTAGE_MS = 60_000

/** JSON-RPC's code for too many requests, of several providers, and those of other failures that pass. */
const PASSING_CODES = [429, -32_005, -32_029]

const HTTP_SERVER_ERROR = 500

type Call = { method: string; params?: unknown }
type Ask = (call: Call) => Promise<unknown>

/**
 * Ponder's HTTP transport. It differs from viem's in three points, each measured with Ponder 0.17.7.
 *
 * When a reorg removes a block between Ponder's request for it and its request for the logs, some nodes no longer know the
 * block. Ponder would retry nine times, for 64 seconds, before it reads the new chain. This transport gives up after a
 * second, with an error that Ponder does not retry.
 *
 * While the node hangs, refuses or limits requests, Ponder's polls would queue up, and its limiter would allow fewer and
 * fewer requests: after a hang of 90 seconds it indexed a block in 16 seconds. This transport retries itself, so Ponder
 * sees a slow answer. It answers polls by the latest block that it has seen, which Ponder already has.
 *
 * Ponder logs errors unchanged, so this removes the URL's secrets from them.
 */
export function nodeTransport(url: string): Transport {
  const hideKeys = createSecretFilter(url)
  return (options) => {
    const node = nodeHttp(url, { retryCount: 0 })(options)
    const ask: Ask = (call) => untilAnswered(call.method, () => node.request(call))
    const latestBlock = createLatestBlock(ask)
    const request = async (call: Call) => {
      for (let tries = 1; ; tries++) {
        try {
          return await (isPoll(call) ? latestBlock(call) : ask(call))
        } catch (error) {
          filterError(error, hideKeys)
          if (!isUnknownBlock(call.method, error)) throw error
          if (tries === TRIES) throw new MethodNotSupportedRpcError(error, { method: call.method })
          await sleep(RETRY_DELAY_MS)
        }
      }
    }
    return { ...node, request: request as typeof node.request }
  }
}

/** Ponder's poll for new blocks: the latest block with its transactions. At its start it asks for the block without. */
const isPoll = ({ method, params }: Call) =>
  method === 'eth_getBlockByNumber' && Array.isArray(params) && params[0] === 'latest' && params[1] === true

/**
 * Polls share one request. A poll that gets no answer for `RESEND_MS` gets the last one, so that no polls queue up: to
 * Ponder a block that it has is no news.
 */
function createLatestBlock(ask: Ask) {
  let last: unknown
  let asking: Promise<unknown> | undefined

  async function read(call: Call) {
    try {
      last = await ask(call)
      return last
    } finally {
      asking = undefined
    }
  }

  return async (call: Call): Promise<unknown> => {
    asking ??= read(call)
    if (last === undefined) return asking
    return Promise.race([asking.catch(() => last), sleep(RESEND_MS, last)])
  }
}

/**
 * Repeats a request until the node answers; an error is an answer too.
 * @throws the node's error, or after `OUTAGE_MS` an error that Ponder does not retry.
 */
function untilAnswered(method: string, send: () => Promise<unknown>): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  let lastError: unknown = new Error('The node does not answer')
  const attempt = () => {
    send().then(resolve, (error) => {
      lastError = error
      if (!isOutage(error)) reject(error)
    })
  }
  const resending = setInterval(attempt, RESEND_MS)
  const ending = setTimeout(() => {
    reject(new MethodNotSupportedRpcError(lastError as Error, { method }))
  }, OUTAGE_MS)
  attempt()
  return promise.finally(() => {
    clearInterval(resending)
    clearTimeout(ending)
  })
}

/** Whether no node answered: a time-out, a broken connection, an answer that is not JSON-RPC, or too many requests. */
function isOutage(error: unknown): boolean {
  if (!(error instanceof BaseError)) return error instanceof SyntaxError
  const answer = error.walk((cause) => cause instanceof RpcRequestError)
  if (answer instanceof RpcRequestError) return PASSING_CODES.includes(answer.code)
  const passes = (cause: unknown) =>
    cause instanceof TimeoutError ||
    (cause instanceof HttpRequestError &&
      (cause.status === undefined || cause.status === 429 || cause.status >= HTTP_SERVER_ERROR))
  return error.walk(passes) !== null
}

function isUnknownBlock(method: string, error: unknown): error is BaseError {
  if (!CALLS_BY_BLOCK_HASH.includes(method) || !(error instanceof BaseError)) return false
  const answer = error.walk((cause) => cause instanceof RpcRequestError)
  return answer instanceof RpcRequestError && UNKNOWN_BLOCK.test(answer.details)
}
