import type { Logger } from 'pino'
import { createPublicClient, type HttpTransport, type HttpTransportConfig, http, type PublicClient } from 'viem'

/** The timeout of each of three requests for the latest block. */
const LATEST_BLOCK_TIMEOUT_MS = 1_000

type Options = {
  http?: Omit<HttpTransportConfig, 'fetchOptions'>
  /** How long an answer is reused, in milliseconds. */
  cacheTime?: number
  /** The interval between requests while waiting for a block or a receipt, in milliseconds. */
  pollingInterval?: number
}

/**
 * A client of the chain's node. All our processes create their clients here.
 *
 * It does not follow CCIP-Read (ERC-3668): viem would fetch any URL that a contract names in an `OffchainLookup`
 * revert, and a claim may name such a contract as its wallet.
 */
export function createChainClient(rpcUrl: string, { http: transport, ...options }: Options = {}): PublicClient {
  return createPublicClient({ ...options, ccipRead: false, transport: nodeHttp(rpcUrl, transport) })
}

/**
 * JSON-RPC over HTTP. viem prints the URL of its transport in every error, and providers put their keys into the path,
 * the query or the user-info of a URL. So viem gets the origin only, and `fetch` gets the whole URL.
 */
export function nodeHttp(rpcUrl: string, { fetchFn = fetch, ...config }: Options['http'] = {}): HttpTransport {
  const url = new URL(rpcUrl)
  const { origin } = url
  const headers = authorizationOf(url)
  url.username = ''
  url.password = ''
  const endpoint = url.href
  return http(origin, { ...config, fetchOptions: { headers }, fetchFn: (_, init) => fetchFn(endpoint, init) })
}

/** `fetch` refuses a URL with user-info, so this becomes a header. */
function authorizationOf({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {}
  const credentials = [username, password].map(decodeURIComponent).join(':')
  return { Authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }
}

/**
 * The chain's latest block when a process starts. No earlier process can have answered from a later one.
 * @returns 0 if the node does not answer, because reads work without the node.
 */
export async function latestBlockOrZero(rpcUrl: string, logger: Logger): Promise<bigint> {
  const client = createChainClient(rpcUrl, {
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
