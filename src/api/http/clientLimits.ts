import { setTimeout as sleep } from 'node:timers/promises'
import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context } from 'hono'
import { clientOf } from './clientAddress.ts'
import { Problem } from './errors.ts'
import { createRateLimit } from './rateLimit.ts'

/**
 * How long a refused probe is held back: a client that asks again at once, over all its connections, would otherwise take as
 * much of the process by refusals as by answers.
 */
const REFUSED_PROBE_DELAY_MS = 1_000

/** What this process lets one client do, by the address it comes from. Other replicas count for themselves. */
export type ClientLimits = {
  /** Counts a request that the answer cache did not answer. @throws Problem RATE_LIMITED */
  takeRequest(c: Context): void
  /**
   * Counts a probe, apart from other requests: the requests of clients whose address a probe shares, as behind a proxy that
   * is not trusted, do not make a process look dead. A refusal comes late. @throws Problem RATE_LIMITED
   */
  takeProbe(c: Context): Promise<void>
  /** Counts a claim. @throws Problem RATE_LIMITED */
  takeClaim(c: Context): void
  /** The client as these limits count it. */
  clientOf(c: Context): string
}

type Options = {
  /** How many proxies before this process are ours. */
  trustProxy: number
  requestsPerMinute: number
  probesPerMinute: number
  claimsPerMinute: number
}

export function createClientLimits(options: Options): ClientLimits {
  const { trustProxy, requestsPerMinute, probesPerMinute, claimsPerMinute } = options

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
  const takeProbe = limit(probesPerMinute, 'probes')

  return {
    takeRequest: limit(requestsPerMinute, 'requests'),
    async takeProbe(c) {
      try {
        takeProbe(c)
      } catch (error) {
        await sleep(REFUSED_PROBE_DELAY_MS, undefined, { ref: false })
        throw error
      }
    },
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
