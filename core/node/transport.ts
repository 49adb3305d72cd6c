import { type FallbackTransport, fallback, hexToNumber, isHex, type Transport } from 'viem'
import type { Call } from './call.ts'
import type { Endpoint } from './endpoint.ts'
import type { Endpoints } from './endpoints.ts'
import { type Head, headOf } from './head.ts'
import { type NodeHttpConfig, nodeHttp } from './http.ts'
import { isOutage } from './outage.ts'

/**
 * The transport of all our processes: a request goes to the first usable endpoint, and to the next if none answers.
 * A node's error, such as a revert, is its answer.
 *
 * Where answers of two nodes could mix in one decision:
 *
 * - Ponder asks for a block, then for its logs by the block's hash. Two nodes cannot contradict each other about a hash.
 * - For logs of a range, a node that lacks its end answers without the last logs, and Ponder would never ask again. So
 *   it goes only to an endpoint that has the end.
 * - The relay reads the head, simulates a claim, and counts nonces. The endpoint that takes over has the latest block that
 *   any has shown, so the later read is of the same or a later state, as it is between two reads of one node.
 * - A broadcast without an answer may have reached its node, and then the next node's "nonce too low" is about this
 *   transaction. So it goes to one endpoint only, and its caller decides what to repeat.
 */
export function nodeTransport(endpoints: Endpoints, { retryCount, retryDelay, ...config }: NodeHttpConfig = {}) {
  const unclear = new WeakSet<object>()

  function connect(endpoint: Endpoint): Transport {
    const http = nodeHttp(endpoint.url, config)
    return (options) => {
      const node = http(options)
      const request = async (call: Call, requestOptions?: { signal?: AbortSignal }) => {
        await endpoints.admit(endpoint, endOfRange(call))
        const result = await node.request(call as never, requestOptions).catch((error) => {
          if (isOutage(error)) endpoints.failed(endpoint, error)
          if (call.method === 'eth_sendRawTransaction') unclear.add(error)
          throw error
        })
        endpoints.answered(endpoint, headIn(call, result))
        return result
      }
      return { ...node, request: request as typeof node.request }
    }
  }

  const shouldThrow = (error: Error) => unclear.has(error) || !isOutage(error)
  return fallback(endpoints.list.map(connect), {
    shouldThrow,
    ...(retryCount !== undefined && { retryCount }),
    ...(retryDelay !== undefined && { retryDelay }),
  }) as FallbackTransport
}

/** The last block of `eth_getLogs` for a range. */
function endOfRange({ method, params }: Call): number | undefined {
  if (method !== 'eth_getLogs' || !Array.isArray(params)) return undefined
  const { toBlock } = Object(params[0])
  return isHex(toBlock) ? hexToNumber(toBlock) : undefined
}

/** The node's latest block, if the call shows it. `eth_blockNumber` does not. */
function headIn({ method, params }: Call, result: unknown): Head | undefined {
  const isLatest = method === 'eth_getBlockByNumber' && Array.isArray(params) && params[0] === 'latest'
  return isLatest ? headOf(result) : undefined
}
