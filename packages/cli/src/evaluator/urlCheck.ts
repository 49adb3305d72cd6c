import { lookup } from 'node:dns'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'

const TIMEOUT_MS = 10_000
const MAX_REDIRECTS = 5
/** As many as a check may ask for: the verdict names the type, which the server of the URL chose. */
const MAX_TYPE_CHARACTERS = 121

/** What is not of the public Internet: private, shared, of this machine, of its network, multicast, for documents. */
const reserved = new BlockList()
for (const subnet of [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/3', '2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'],
]) {
  const [network = '', bits] = subnet.split('/')
  reserved.addSubnet(network, Number(bits), isIP(network) === 6 ? 'ipv6' : 'ipv4')
}
/** All public addresses of IPv6. Those that lead to IPv4, such as ::ffff:127.0.0.1 and 64:ff9b::7f00:1, are elsewhere. */
const global = new BlockList()
global.addSubnet('2000::', 3, 'ipv6')

export function isPublic(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !reserved.check(address)
  return family === 6 && global.check(address, 'ipv6') && !reserved.check(address, 'ipv6')
}

/** What the checks of URLs use of the machine. */
export type Network = { lookup: typeof lookup; isAllowed: (address: string) => boolean; timeoutMs: number }

/** Software cannot review the run, now or later: a human must. */
export class NeedsHumanError extends Error {}

/**
 * Why the URL does not answer 200 with the content type; undefined if it does. No byte of a body is read.
 * @throws NeedsHumanError if it leads to an address that no check may reach: it is not connected, and says nothing about the
 * delivery. Error if it does not answer in time, or with an error of the server: later it may.
 */
export async function complaintOfUrl(
  { url, contentType }: { url: string; contentType: string },
  network: Network = { lookup, isAllowed: isPublic, timeoutMs: TIMEOUT_MS },
): Promise<string | undefined> {
  const signal = AbortSignal.timeout(network.timeoutMs)
  try {
    let target = new URL(url)
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const { statusCode = 0, headers } = await head(target, contentType, network, signal)
      const isRedirect = statusCode >= 300 && statusCode < 400 && headers.location !== undefined
      if (!isRedirect) return complaintOfAnswer(url, statusCode, headers['content-type'] ?? 'none', contentType)
      if (!URL.canParse(headers.location ?? '', target.href)) return `${url} redirects to no URL`
      target = new URL(headers.location ?? '', target)
    }
    return `${url} redirects more than ${MAX_REDIRECTS} times`
  } catch (cause) {
    if (cause instanceof NeedsHumanError) throw new NeedsHumanError(`${url} leads to ${cause.message}`)
    const reason = signal.aborted ? `no answer within ${network.timeoutMs / 1_000} s` : String(cause)
    throw new Error(`${url} cannot be reached: ${reason}`, { cause })
  }
}

function complaintOfAnswer(url: string, status: number, type: string, asked: string): string | undefined {
  if (status >= 500 || status === 429 || status === 408) throw new Error(`it answers ${status}`)
  if (status !== 200) return `${url} answers ${status}, not 200`
  const got = type.toLowerCase().replace(/;.*/s, '').trim().slice(0, MAX_TYPE_CHARACTERS)
  return got === asked ? undefined : `${url} answers with content type ${got}, not ${asked}`
}

/** The head of the answer. Its connection goes to an address that was checked, because it resolves the name only here. */
function head(url: URL, accept: string, { lookup, isAllowed }: Network, signal: AbortSignal) {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const forbidden = (address: string) => new NeedsHumanError(`${address}, which is no public address`)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  // The name of an address is not looked up.
  if (isIP(host) !== 0 && !isAllowed(host)) throw forbidden(host)
  if (!/^https?:$/.test(url.protocol)) throw new NeedsHumanError(`${url.protocol}, which is neither http nor https`)

  const checkedLookup: LookupFunction = (name, options, callback) =>
    lookup(name, { ...options, all: true }, (error, addresses) => {
      const refused = error ? undefined : addresses.find(({ address }) => !isAllowed(address))
      callback(refused ? forbidden(refused.address) : error, addresses)
    })

  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  // `autoSelectFamily` takes all addresses of the look-up.
  const options = { agent: false, autoSelectFamily: true, lookup: checkedLookup, signal, headers: { Accept: accept } }
  request(url, options, (response) => resolve(response.destroy()))
    .on('error', reject)
    .end()
  return promise
}
