import type { Logger } from 'pino'
import { createPublicClient, type PublicClient, type PublicClientConfig } from 'viem'
import type { Endpoints } from './endpoints.ts'
import { type NodeHttpConfig, nodeHttp } from './http.ts'
import { nodeTransport } from './transport.ts'

/** The timeout of each of three requests for the latest block. */
const LATEST_BLOCK_TIMEOUT_MS = 1_000

type Options = { http?: NodeHttpConfig } & Pick<PublicClientConfig, 'cacheTime' | 'pollingInterval'>

/**
 * A client of the chain. All our processes create their clients here. It does not follow CCIP-Read (ERC-3668): viem would
 * fetch any URL that a contract names in an `OffchainLookup` revert, and a claim may name such a contract as its wallet.
 * @param node the endpoints that the process shares, or the URL of a single node whose chain the caller checks.
 */
export function createChainClient(node: Endpoints | string, { http, ...options }: Options = {}): PublicClient {
  const transport = typeof node === 'string' ? nodeHttp(node, http) : nodeTransport(node, http)
  return createPublicClient({ ...options, ccipRead: false, transport })
}

/**
 * The chain's latest block when a process starts. No earlier process can have answered from a later one.
 * @returns 0 if the node does not answer, because reads work without the node.
 */
export async function latestBlockOrZero(endpoints: Endpoints, logger: Logger): Promise<bigint> {
  const client = createChainClient(endpoints, {
    http: { retryCount: 2, retryDelay: 100, timeout: LATEST_BLOCK_TIMEOUT_MS },
  })
  try {
    return await client.getBlockNumber()
  } catch (err) {
    logger.warn(
      { err },
      'The node does not return its latest block: the first answers may be of an earlier block than before the restart',
    )
    return 0n
  }
}
