import { setTimeout as sleep } from 'node:timers/promises'
import { BaseError, MethodNotSupportedRpcError, RpcRequestError, type Transport } from 'viem'
import { nodeHttp } from '../src/api/chainClient.ts'
import { createSecretFilter, filterError } from '../src/api/observability/urlSecrets.ts'

/** Milliseconds between tries, and how many there are: a node behind a balancer may get a block a moment later. */
const PAUSE = 250
const TRIES = 4

/** The calls that name a block by its hash. */
const OF_A_BLOCK = ['eth_getLogs', 'eth_getBlockReceipts']

/** What nodes say of a block that they do not have: geth and Anvil; Reth, Erigon, Besu; Nethermind. */
const UNKNOWN_BLOCK = /unknown block|block not found|header not found|could not be found/i

/**
 * A node for Ponder, by HTTP. Where a reorg takes a block away between Ponder's request for it and that for its logs,
 * some nodes do not know it any more. Ponder 0.17.7 asks again nine times, for 64 seconds, before it looks at the new
 * chain; here it is told after a second, by an error that it takes for final.
 *
 * Ponder logs errors as they are, so that no key may be in them.
 */
export function nodeTransport(url: string): Transport {
  const hideKeys = createSecretFilter(url)
  return (options) => {
    const node = nodeHttp(url, { retryCount: 0 })(options)
    const request: typeof node.request = async (call, requestOptions) => {
      for (let tries = 1; ; tries++) {
        try {
          return await node.request(call, requestOptions)
        } catch (error) {
          filterError(error, hideKeys)
          if (!isOfUnknownBlock(call.method, error)) throw error
          if (tries === TRIES) throw new MethodNotSupportedRpcError(error, { method: call.method })
          await sleep(PAUSE)
        }
      }
    }
    return { ...node, request }
  }
}

function isOfUnknownBlock(method: string, error: unknown): error is BaseError {
  if (!OF_A_BLOCK.includes(method) || !(error instanceof BaseError)) return false
  const answer = error.walk((cause) => cause instanceof RpcRequestError)
  return answer instanceof RpcRequestError && UNKNOWN_BLOCK.test(answer.details)
}
