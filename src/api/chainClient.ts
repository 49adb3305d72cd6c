import { createPublicClient, type HttpTransport, type HttpTransportConfig, http, type PublicClient } from 'viem'

type Options = {
  http?: Omit<HttpTransportConfig, 'fetchOptions'>
  /** For how long an answer is used again, in milliseconds. */
  cacheTime?: number
  /** Between two requests while waiting for a block or a receipt, in milliseconds. */
  pollingInterval?: number
}

/**
 * A client of the chain's node: the one way in which our processes make any.
 *
 * It does not follow CCIP-Read (ERC-3668): viem would fetch whatever URL a contract names in an `OffchainLookup` revert,
 * and the wallet that a client claims with may be such a contract.
 */
export function createChainClient(rpcUrl: string, { http: transport, ...options }: Options = {}): PublicClient {
  return createPublicClient({ ...options, ccipRead: false, transport: nodeHttp(rpcUrl, transport) })
}

/**
 * JSON-RPC by HTTP. viem prints the URL of its transport in every error, and providers put their keys into the path, the
 * query or the user-info of a URL: so viem gets the origin alone, and `fetch` the rest.
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

/** `fetch` refuses a URL that has user-info. */
function authorizationOf({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {}
  const credentials = [username, password].map(decodeURIComponent).join(':')
  return { Authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }
}
