import { setTimeout as sleep } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import {
  BaseError,
  type Hash,
  type Hex,
  hexToBigInt,
  MethodNotSupportedRpcError,
  RpcRequestError,
  type Transport,
} from 'viem'
import { filterError } from '../urlSecrets.ts'
import type { Endpoints } from './endpoints.ts'
import { isOutage } from './outage.ts'
import { nodeTransport } from './transport.ts'

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

/** The timeout of one request: a slow answer is better than none. */
const REQUEST_TIMEOUT_MS = 30_000

/** More than the 30 blocks that Ponder may revert. */
const REMEMBERED_BLOCKS = 256

type Call = { method: string; params?: unknown }
type Ask = (call: Call) => Promise<unknown>
type Block = { number: Hex; hash: Hash }

/**
 * Ponder's transport: that of all our processes, with these differences, each measured with Ponder 0.17.7.
 *
 * When a reorg removes a block between Ponder's request for it and its request for the logs, some nodes no longer know the
 * block. Ponder would retry nine times, for 64 seconds, before it reads the new chain. This transport gives up after a
 * second, with an error that Ponder does not retry.
 *
 * While the node hangs, refuses or limits requests, Ponder's polls would queue up, and its limiter would allow fewer and
 * fewer requests: after a hang of 90 seconds it indexed a block in 16 seconds. This transport retries itself, so Ponder
 * sees a slow answer. It answers polls by the latest block that it has seen, which Ponder already has.
 *
 * Ponder takes a latest block that is not later than its own for a reorg, and reverts rows. Where the block is one that
 * Ponder has, its node is behind, so Ponder gets the latest block again. A chain that really lost its last blocks shows it
 * by its next block.
 *
 * Ponder logs errors unchanged, so this removes the URLs' secrets from them.
 * @param hideKeys removes the secrets from a text.
 */
export function ponderTransport(endpoints: Endpoints, hideKeys: (text: string) => string): Transport {
  return (options) => {
    const node = nodeTransport(endpoints, { retryCount: 0 })({ ...options, timeout: REQUEST_TIMEOUT_MS })
    /** By height: the hash of each of the last blocks that Ponder got. */
    const hashes = new LRUCache<Hex, Hash>({ max: REMEMBERED_BLOCKS })
    const ask: Ask = async (call) => {
      const result = await untilAnswered(call.method, () => node.request(call as never))
      if (isBlock(result)) hashes.set(result.number, result.hash)
      return result
    }
    const latestBlock = createLatestBlock(ask, ({ number, hash }) => hashes.peek(number) === hash)
    const request = async (call: Call) => {
      for (let tries = 1; ; tries++) {
        const isLast = tries === TRIES
        try {
          const result = await (isPoll(call) ? latestBlock(call) : ask(call))
          // Its node may be behind the one that named the block's number.
          if (result !== null || call.method !== 'eth_getBlockByNumber' || isLast) return result
        } catch (error) {
          filterError(error, hideKeys)
          if (!isUnknownBlock(call.method, error)) throw error
          if (isLast) throw new MethodNotSupportedRpcError(error, { method: call.method })
        }
        await sleep(RETRY_DELAY_MS)
      }
    }
    return { ...node, request: request as typeof node.request }
  }
}

/** Ponder's poll for new blocks: the latest block with its transactions. At its start it asks for the block without. */
const isPoll = ({ method, params }: Call) =>
  method === 'eth_getBlockByNumber' && Array.isArray(params) && params[0] === 'latest' && params[1] === true

const isBlock = (value: unknown): value is Block =>
  typeof value === 'object' && value !== null && 'number' in value && 'hash' in value && 'parentHash' in value

/**
 * Polls share one request. A poll that gets no answer for `RESEND_MS`, or one of a node that is behind, gets the last
 * answer, so that no polls queue up: to Ponder a block that it has is no news.
 */
function createLatestBlock(ask: Ask, isKnown: (block: Block) => boolean) {
  let last: Block | undefined
  let asking: Promise<unknown> | undefined

  async function read(call: Call) {
    try {
      const block = await ask(call)
      if (isBlock(block) && !(last && isBehind(block, last))) last = block
      return last ?? block
    } finally {
      asking = undefined
    }
  }

  const isBehind = (block: Block, than: Block) => hexToBigInt(block.number) < hexToBigInt(than.number) && isKnown(block)

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

function isUnknownBlock(method: string, error: unknown): error is BaseError {
  if (!CALLS_BY_BLOCK_HASH.includes(method) || !(error instanceof BaseError)) return false
  const answer = error.walk((cause) => cause instanceof RpcRequestError)
  return answer instanceof RpcRequestError && UNKNOWN_BLOCK.test(answer.details)
}
