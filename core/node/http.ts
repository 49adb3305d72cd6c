import { type HttpTransport, type HttpTransportConfig, http } from 'viem'

/**
 * The largest answer that is read. viem reads at most 10 MiB, and the logs of a dense range of blocks take more. The limit
 * bounds the memory that an endpoint can take.
 */
export const MAX_ANSWER_BYTES = 64 * 2 ** 20

export type NodeHttpConfig = Omit<HttpTransportConfig, 'fetchOptions'>

/**
 * JSON-RPC over HTTP. viem prints the URL of its transport in every error, and providers put their keys into the path,
 * the query or the user-info of a URL. So viem gets the origin only, and `fetch` gets the whole URL.
 */
export function nodeHttp(rpcUrl: string, { fetchFn = fetch, ...config }: NodeHttpConfig = {}): HttpTransport {
  const url = new URL(rpcUrl)
  const { origin } = url
  const headers = authorizationOf(url)
  url.username = ''
  url.password = ''
  const endpoint = url.href
  return http(origin, {
    maxResponseBodySize: MAX_ANSWER_BYTES,
    ...config,
    fetchOptions: { headers },
    fetchFn: (_, init) => fetchFn(endpoint, init),
  })
}

/** `fetch` refuses a URL with user-info, so this becomes a header. */
function authorizationOf({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {}
  const credentials = [username, password].map(decodeURIComponent).join(':')
  return { Authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }
}
