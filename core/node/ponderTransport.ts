import { setTimeout as sleep } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import {
  type Address,
  BaseError,
  type Hash,
  hexToBigInt,
  MethodNotSupportedRpcError,
  ResponseBodyTooLargeError,
  type Transport,
} from 'viem'
import { filterError } from '../urlSecrets.ts'
import { backfillAnswers } from './backfillAnswers.ts'
import { isBlock } from './block.ts'
import { createHasEvidence, type Evidence } from './bloom.ts'
import type { Ask, Call } from './call.ts'
import { createCallRate } from './callRate.ts'
import type { Endpoints } from './endpoints.ts'
import { MOST_REVERTED_BLOCKS } from './finality.ts'
import type { NodeHttpConfig } from './http.ts'
import { createLatestBlock } from './latestBlock.ts'
import { isLimit } from './outage.ts'
import { blockOfLogs, isOfLacked, isPoll, isUnknownBlock } from './ponderCalls.ts'
import { CALLS_OF_RANGE, createRangedLogs } from './rangedLogs.ts'
import { nodeTransport } from './transport.ts'
import { RESEND_MS, untilAnswered } from './untilAnswered.ts'

/** Retried, because a node behind a load balancer may get a block a moment after another node has served it. */
const RETRY_DELAY_MS = 250
const TRIES = 4

/** An error with these words makes Ponder ask for the logs of half as many blocks. */
const TOO_LARGE = 'backend response too large'

/** The timeout of one request: a slow answer is better than none. */
const REQUEST_TIMEOUT_MS = 30_000

type Options = {
  hideKeys: (text: string) => string
  callsPerSecond: number
  /** The contracts whose logs are indexed. */
  addresses: readonly Address[]
  /** What the bloom filter of each block with indexed events shows: all items of one of these; by default an address. */
  evidence?: readonly Evidence[]
  /** Milliseconds between blocks. With it, a poll that comes too soon after a block waits. */
  blockTimeMs?: () => number
}

/**
 * Ponder's transport: that of all our processes, with these differences, each measured with Ponder 0.17.7.
 *
 * - Where a reorg removes a block between Ponder's request for it and its request for the logs, some nodes no longer know the
 *   block, and Ponder would retry for 64 seconds before it reads the new chain. This gives up after a second.
 * - While the node hangs, refuses or limits requests, this retries itself, so that Ponder sees a slow answer: after a hang of
 *   90 seconds it indexed a block in 16 seconds.
 * - A node behind a load balancer may return no logs for a block that it does not have yet, and Ponder would discard the block,
 *   and up to 49 others. Where the block's bloom filter shows logs, this asks again.
 * - Ponder takes a latest block that is not later than its own for a reorg, and reverts rows. Where the block is one that Ponder
 *   has, its node is behind, and Ponder gets the latest block again. A chain that lost its last blocks shows it by its next one,
 *   or, if there is none, two seconds later.
 * - Ponder asks for the logs of fewer blocks only after errors that it knows. For an answer that is longer than we read it gets one.
 * - Ponder asks for the logs of each block whose bloom filter is empty, or has one of the addresses. This answers for blocks
 *   without transactions, and where the filter lacks the evidence that each block with indexed events shows.
 * - Ponder gets the logs of a block without those of other contracts, because it compares each with the bloom filter.
 * - Once Ponder follows the chain, the logs of blocks that it lacks are asked for by a range (rangedLogs.ts).
 * - Ponder logs errors unchanged, so this removes the URLs' secrets from them.
 * @param options.hideKeys removes the secrets from a text.
 * @param options.callsPerSecond the most calls per second, without those that are sent again. An endpoint that refuses calls as
 * too many gets fewer.
 */
export function ponderTransport(endpoints: Endpoints, options: Options): Transport {
  const { hideKeys, callsPerSecond, addresses, evidence = addresses.map((address) => [address]), blockTimeMs } = options
  const isIndexed = createIsIndexed(addresses)
  const mayHaveEvents = createHasEvidence(evidence)
  return (client) => {
    const connect = ({ timeout = REQUEST_TIMEOUT_MS, ...config }: NodeHttpConfig, list = endpoints.list) =>
      nodeTransport({ ...endpoints, list }, { ...config, retryCount: 0 })({ ...client, timeout })
    const node = connect({})
    // Of one endpoint, because the calls of a range are about each other.
    const together = connect({ batch: { batchSize: CALLS_OF_RANGE }, timeout: RESEND_MS }, endpoints.list.slice(0, 1))
    const rate = createCallRate(callsPerSecond)
    /** What Ponder does: its first logs are of a backfill, and it polls once it follows the chain. */
    let phase: 'start' | 'backfill' | 'live' = 'start'
    /** The last blocks that Ponder got: whether they have logs, and whether these may be of the contracts. */
    const blocks = new LRUCache<Hash, { hasLogs: boolean; mustBeRead: boolean }>({ max: MOST_REVERTED_BLOCKS })
    const hasLogs = (block: Hash) => blocks.get(block)?.hasLogs === true
    const send: Ask = async (call) => {
      await rate.next()
      return untilAnswered(call.method, () =>
        node.request(call as never).catch((error) => {
          if (isLimit(error)) rate.refused()
          throw error
        }),
      )
    }
    const rangedLogs = createRangedLogs({
      addresses,
      hasLogs,
      async askTogether(calls) {
        for (const _ of calls) await rate.next()
        return Promise.all(calls.map((call) => together.request(call as never)))
      },
    })
    const ask: Ask = async (call) => {
      const result = await send(call)
      if (isBlock(result)) {
        const bloom = hexToBigInt(result.logsBloom)
        const mustBeRead = bloom === 0n ? result.transactions?.length !== 0 : mayHaveEvents(bloom)
        blocks.set(result.hash, { hasLogs: bloom !== 0n, mustBeRead })
      }
      return result
    }
    /** Whether the answer is of a node that is behind the one that named the block. */
    const lacksBlock = ({ method, params }: Call, result: unknown) => {
      if (method === 'eth_getBlockByNumber') return result === null
      if (method !== 'eth_getLogs' || !Array.isArray(result) || result.length > 0) return false
      // For a block, Ponder asks for the logs of all addresses.
      const blockHash = blockOfLogs({ method, params })
      return blockHash !== undefined && hasLogs(blockHash)
    }
    const latestBlock = createLatestBlock(ask, ({ hash }) => blocks.has(hash), blockTimeMs)
    const request = async (call: Call) => {
      const blockHash = blockOfLogs(call)
      if (blockHash !== undefined && blocks.get(blockHash)?.mustBeRead === false) return []
      const ranged = blockHash === undefined ? undefined : await rangedLogs.read(blockHash)
      if (ranged) return ranged
      if (isPoll(call)) phase = 'live'
      else if (phase === 'start' && call.method === 'eth_getLogs') phase = 'backfill'
      for (let tries = 1; ; tries++) {
        const isLast = tries === TRIES
        try {
          const result = await (isPoll(call) ? latestBlock(call) : ask(call))
          if (phase === 'backfill') backfillAnswers.publish(call.method)
          if (!lacksBlock(call, result)) return blockHash === undefined ? result : logsOf(result, isIndexed)
          if (isLast) return refuseEmpty(call, result)
        } catch (error) {
          filterError(error, hideKeys)
          if (error instanceof ResponseBodyTooLargeError) throw new BaseError(TOO_LARGE, { cause: error })
          if (!isUnknownBlock(call.method, error)) throw error
          if (isLast) throw new MethodNotSupportedRpcError(error, { method: call.method })
        }
        await sleep(RETRY_DELAY_MS)
      }
    }
    const gathering = (call: Call) =>
      phase === 'live' && isOfLacked(call) ? rangedLogs.gathered(request(call)) : request(call)
    return { ...node, request: gathering as typeof node.request }
  }
}

/** @returns a function that tells whether a log is of one of the contracts. Nodes write addresses in any case. */
function createIsIndexed(addresses: readonly Address[]) {
  const known = new Set(addresses.map((address) => address.toLowerCase()))
  return (log: unknown): boolean => known.has(String(Object(log).address).toLowerCase())
}

/** Ponder reads such a block again with the next one. It would repeat a call that fails with another error for a minute. */
function refuseEmpty({ method }: Call, result: unknown): unknown {
  if (method !== 'eth_getLogs') return result
  throw new MethodNotSupportedRpcError(new Error('The node has no logs of a block whose bloom filter has some'), {
    method,
  })
}

/** The logs of the indexed contracts. What is no list of logs is left for Ponder to refuse. */
const logsOf = (answer: unknown, isIndexed: (log: unknown) => boolean): unknown =>
  Array.isArray(answer) ? answer.filter(isIndexed) : answer
