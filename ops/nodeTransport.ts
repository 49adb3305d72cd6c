import { setTimeout as sleep } from 'node:timers/promises'
import { BaseError, MethodNotSupportedRpcError, RpcRequestError, type Transport } from 'viem'
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
 * Ponder's HTTP transport. When a reorg removes a block between Ponder's request for it and its request for the logs,
 * some nodes no longer know the block. Ponder 0.17.7 would retry nine times, for 64 seconds, before it reads the new
 * chain. This transport gives up after a second, with an error that Ponder does not retry.
 *
 * Ponder logs errors unchanged, so this removes the URL's secrets from them.
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
          if (!isUnknownBlock(call.method, error)) throw error
          if (tries === TRIES) throw new MethodNotSupportedRpcError(error, { method: call.method })
          await sleep(RETRY_DELAY_MS)
        }
      }
    }
    return { ...node, request }
  }
}

function isUnknownBlock(method: string, error: unknown): error is BaseError {
  if (!CALLS_BY_BLOCK_HASH.includes(method) || !(error instanceof BaseError)) return false
  const answer = error.walk((cause) => cause instanceof RpcRequestError)
  return answer instanceof RpcRequestError && UNKNOWN_BLOCK.test(answer.details)
}
