import { createPublicClient, type PublicClient, type PublicClientConfig } from 'viem'
import type { Endpoints } from './endpoints.ts'
import { type NodeHttpConfig, nodeHttp } from './http.ts'
import { nodeTransport } from './transport.ts'

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
