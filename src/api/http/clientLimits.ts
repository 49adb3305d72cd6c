import { setTimeout as sleep } from 'node:timers/promises'
import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context, MiddlewareHandler } from 'hono'
import { LRUCache } from 'lru-cache'
import type { Requester } from '../../../core/fairLane.ts'
import { clientOf, networksOf } from './clientAddress.ts'
import { Problem } from './errors.ts'
import { createNetworkShares, sharesOf } from './networkShares.ts'
import { isCacheable, withoutOrigin } from './readHeaders.ts'

/**
 * The delay of a refusal. Without it, a client that repeats its requests at once on all its connections would load the
 * process with refusals as much as with answers, and the reads of others would wait.
 */
const REFUSAL_DELAY_MS = 1_000

/** Of how many refusals that are delayed clients have shares. Beyond its share, a client is refused at once and its connection closed. */
const MAX_DELAYED = 10_000

/** The number of clients that are counted, for some MB of memory. Beyond it, the least recent ones are dropped. */
const MAX_CLIENTS = 50_000

const MINUTE_MS = 60_000

/** A limit that counted the request: what it allows a client, and how much of it is left. */
type Quota = { perMinute: number; left: () => { remaining: number; moreInMs: number } }

declare module 'hono' {
  interface ContextVariableMap {
    /** The network of the client: see `networkOf`. Absent where there are no limits, and for what the response cache answers. */
    network: string | undefined
    /** By their names. Absent where no limit counted the request. */
    quotas: Readonly<Record<string, Quota>> | undefined
  }
}

export type ClientLimits = ReturnType<typeof createClientLimits>

type Options = {
  /** How many proxies in front of this process are the operator's own. */
  trustProxy: number
  requestsPerMinute: number
  probesPerMinute: number
  claimsPerMinute: number
}

/** Rate limits of this process per client address. Each replica counts for itself. */
export function createClientLimits(options: Options) {
  const { trustProxy, requestsPerMinute, probesPerMinute, claimsPerMinute } = options

  const clientOfRequest = (c: Context) =>
    clientOf(getConnInfo(c).remote.address, c.req.header('X-Forwarded-For'), trustProxy)

  const delayed = createNetworkShares(sharesOf(MAX_DELAYED))

  const limit = (perMinute: number, what: string) => {
    const { take, left } = createRateLimit(perMinute)
    return async (c: Context) => {
      const client = clientOfRequest(c)
      c.set('quotas', { ...c.get('quotas'), [what]: { perMinute, left: () => left(client) } })
      const wait = take(client)
      if (wait === 0) return
      const detail = `${client} may send ${perMinute} ${what} a minute.`
      if (delayed.full(client)) throw rateLimited(detail, wait / 1_000, { Connection: 'close' })
      delayed.add(client)
      await sleep(REFUSAL_DELAY_MS, undefined, { ref: false })
      delayed.remove(client)
      throw rateLimited(detail, (wait - REFUSAL_DELAY_MS) / 1_000)
    }
  }

  return {
    /** Counts a request that the response cache did not answer. @throws Problem RATE_LIMITED, after a delay, as the others. */
    takeRequest: limit(requestsPerMinute, 'requests'),

    /**
     * Counts a probe. Probes have a limit of their own, because behind an untrusted proxy they share their address with
     * the clients, whose requests must not make the process look dead. @throws Problem RATE_LIMITED
     */
    takeProbe: limit(probesPerMinute, 'probes'),

    /** Counts a claim, and each repeat of it. @throws Problem RATE_LIMITED */
    takeClaim: limit(claimsPerMinute, 'claims'),

    /** The name by which these limits count the client. */
    clientOf: clientOfRequest,

    /** The network whose reads take turns with those of others: the client, or the /48 around an IPv6 one. */
    networkOf: (c: Context) => networksOf(clientOfRequest(c)).at(-1) ?? 'unknown',
  }
}

/**
 * Says how much of its limits the client has left (draft-ietf-httpapi-ratelimit-headers). An answer that caches may keep says
 * nothing: it would be of another client.
 */
export const rateLimitHeaders: MiddlewareHandler = async (c, next) => {
  await next()
  const quotas = Object.entries(c.get('quotas') ?? {})
  if (quotas.length === 0 || c.get('cachedResponse') || isCacheable(c.res.headers)) return
  const policies = quotas.map(([name, { perMinute }]) => `"${name}";q=${perMinute};w=${MINUTE_MS / 1_000}`)
  const limits = quotas.map(([name, { left }]) => {
    const { remaining, moreInMs } = left()
    return `"${name}";r=${remaining};t=${Math.ceil(moreInMs / 1_000)}`
  })
  c.res.headers.set('RateLimit-Policy', policies.join(', '))
  c.res.headers.set('RateLimit', limits.join(', '))
}

/** The sender of a request that reads, and what it asks for. */
export type Asker = Requester & {
  url: string
  /** Says that the read waits for its turn among those of the client's network: see `cacheResponses`. */
  wait: () => void
}

/** The sender of the request. Without limits, where no server runs, all requests are one client's. */
export const requesterOf = (c: Context, limits: ClientLimits | undefined): Asker => ({
  client: limits?.clientOf(c) ?? 'unknown',
  gone: c.req.raw.signal,
  url: withoutOrigin(c.req.url),
  wait: () => c.get('wait')?.(),
})

/** @param wait Seconds until the same request is accepted. */
export function rateLimited(detail: string, wait: number, headers: Record<string, string> = {}): Problem {
  const seconds = Math.max(1, Math.ceil(wait))
  return new Problem('RATE_LIMITED', `${detail} Try again in ${seconds} s.`, {
    headers: { 'Retry-After': String(seconds), ...headers },
  })
}

/**
 * Limits each client to a number of actions per minute by the generic cell rate algorithm (GCRA, a leaky bucket): all
 * of them at once, then evenly spaced. Per client it stores one number, the time at which its bucket is empty.
 */
export function createRateLimit(perMinute: number) {
  const intervalMs = MINUTE_MS / perMinute
  const emptyAt = new LRUCache<string, number>({ max: MAX_CLIENTS })

  return {
    /** Counts an action of the client. @returns how many milliseconds the client must wait, or 0 if the action is allowed. */
    take(client: string, now = performance.now()): number {
      const next = Math.max(emptyAt.get(client) ?? 0, now) + intervalMs
      const wait = Math.round(next - now - MINUTE_MS)
      if (wait > 0) return wait
      emptyAt.set(client, next)
      return 0
    },

    /** How many actions the client may do at once, and in how many milliseconds one more. */
    left(client: string, now = performance.now()) {
      // Half a millisecond, because `take` rounds.
      const freeMs = MINUTE_MS + 0.5 - Math.max((emptyAt.peek(client) ?? 0) - now, 0)
      const remaining = Math.min(Math.floor(freeMs / intervalMs), perMinute)
      return { remaining, moreInMs: (remaining + 1) * intervalMs - freeMs }
    },
  }
}
