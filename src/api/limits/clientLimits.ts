import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context } from 'hono'
import { Problem } from '../errors.ts'
import { clientOf } from './clientAddress.ts'
import { createRateLimit } from './rateLimit.ts'

/** What this process lets one client do, by the address it comes from. Other replicas count for themselves. */
export type ClientLimits = {
  /** Counts a request that the answer cache did not answer. @throws Problem RATE_LIMITED */
  takeRequest(c: Context): void
  /**
   * Counts a probe, apart from other requests: the requests of clients whose address a probe shares, as behind a proxy that
   * is not trusted, do not make a process look dead. @throws Problem RATE_LIMITED
   */
  takeProbe(c: Context): void
  /** Counts a claim. @throws Problem RATE_LIMITED */
  takeClaim(c: Context): void
  /** The client as these limits count it. */
  clientOf(c: Context): string
}

type Options = {
  /** How many proxies before this process are ours. */
  trustProxy: number
  requestsPerMinute: number
  claimsPerMinute: number
}

export function createClientLimits({ trustProxy, requestsPerMinute, claimsPerMinute }: Options): ClientLimits {
  const clientOfRequest = (c: Context) =>
    clientOf(getConnInfo(c).remote.address, c.req.header('X-Forwarded-For'), trustProxy)

  const limit = (perMinute: number, what: string) => {
    const take = createRateLimit(perMinute)
    return (c: Context) => {
      const client = clientOfRequest(c)
      const wait = take(client)
      if (wait > 0) throw rateLimited(`${client} may send ${perMinute} ${what} a minute.`, wait / 1_000)
    }
  }
  return {
    takeRequest: limit(requestsPerMinute, 'requests'),
    takeProbe: limit(requestsPerMinute, 'probes'),
    takeClaim: limit(claimsPerMinute, 'claims'),
    clientOf: clientOfRequest,
  }
}

/** @param wait Seconds until the same request is let through. */
export function rateLimited(detail: string, wait: number): Problem {
  const seconds = Math.max(1, Math.ceil(wait))
  return new Problem('RATE_LIMITED', `${detail} Try again in ${seconds} s.`, {
    headers: { 'Retry-After': String(seconds) },
  })
}
