import { isIPv4, isIPv6 } from 'node:net'
import {
  convertIPv4BinaryToString,
  convertIPv4MappedIPv6ToIPv4,
  convertIPv6BinaryToString,
  convertIPv6ToBinary,
  isIPv4MappedIPv6,
} from 'hono/utils/ipaddr'

const bracketed = /^\[(.+)\](?::\d+)?$/
const ipv4WithPort = /^([\d.]+):\d+$/

/**
 * The client of a request: an IPv4 address, or the /64 network of an IPv6 address, the least that a subscriber gets.
 * @param remote the address at the other end of the connection.
 * @param forwardedFor the header X-Forwarded-For. A client may send anything in it; each proxy appends the address that
 * connected to it.
 * @param hops how many proxies in front of this process are the operator's own. Only what they appended is trusted.
 */
export function clientOf(remote: string | undefined, forwardedFor: string | undefined, hops: number): string {
  const appended = hops === 0 ? [] : (forwardedFor ?? '').split(',').slice(-hops).reverse()
  let client = networkOf(remote ?? '') ?? 'unknown'
  for (const entry of appended) {
    const network = networkOf(withoutPort(entry.trim()))
    // The operator's proxies append addresses only. This client shares the limit of the proxy that forwarded it.
    if (network === undefined) return client
    client = network
  }
  return client
}

function networkOf(text: string): string | undefined {
  if (isIPv4(text)) return text
  if (!isIPv6(text)) return undefined
  const address = convertIPv6ToBinary(text)
  if (isIPv4MappedIPv6(address)) return convertIPv4BinaryToString(convertIPv4MappedIPv6ToIPv4(address))
  return `${convertIPv6BinaryToString((address >> 64n) << 64n)}/64`
}

/** The client, as `clientOf` names it, and the /48 network around it if it is an IPv6 /64. */
export function networksOf(client: string): string[] {
  const [address = '', prefix] = client.split('/')
  if (prefix === undefined) return [client]
  return [client, `${convertIPv6BinaryToString((convertIPv6ToBinary(address) >> 80n) << 80n)}/48`]
}

/** Some proxies append the port too. */
const withoutPort = (entry: string) => bracketed.exec(entry)?.[1] ?? ipv4WithPort.exec(entry)?.[1] ?? entry
