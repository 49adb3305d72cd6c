import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context, Next } from 'hono'
import { LRUCache } from 'lru-cache'
import { isCacheable, isRead, NO_STORE, readHeaders } from '../http/readHeaders.ts'
import { idOf, REQUEST_ID } from '../http/requestId.ts'
import type { HeadFeed, Validity } from '../index/head.ts'
import type { Snapshot } from '../index/snapshot.ts'
import type { RequestTimer } from '../observability/metrics.ts'
import type { Tracing } from '../observability/tracing.ts'
import { blockHeaders, type CachedResponse, toResponse } from './cachedResponse.ts'

const MAX_CACHE_BYTES = 64 * 1024 * 1024

/** An upper estimate of what an entry takes beside its body and its URL. */
const ENTRY_OVERHEAD_BYTES = 2_048

/** How many recently requested URLs are remembered: four seconds of many clients that page through a list. */
const MAX_REQUESTED_URLS = 10_000
const MAX_REQUESTED_URL_CHARACTERS = 1024 * 1024

/**
 * How often a request waits for another one's read: an answer that was read just before a block or a second ends is not
 * cached, so the next read is waited for too. There is a limit, because refusals are not cached either.
 */
const MAX_WAITS = 2

/** What sees the requests that are answered before the app's middleware runs. */
type Observers = { timer?: RequestTimer; tracing?: Tracing }

/**
 * Adds the response cache to the app, in two places. `app.fetch` answers a cached GET before Hono routes it, because
 * routing and middleware take several times as long as the lookup. The middleware answers the other reads.
 */
export function addResponseCache(app: OpenAPIHono, head: HeadFeed, { timer, tracing }: Observers): void {
  const cache = createResponseCache(head)
  const { fetch } = app
  app.fetch = (request, ...host) => {
    const start = performance.now()
    // Hono answers a HEAD: it removes the body.
    const cached = request.method === 'GET' ? cache.find(request.url) : undefined
    if (cached === undefined) return fetch(request, ...host)
    const { headers } = request
    const response = toResponse(cached, headers.get('If-None-Match'))
    const { route } = cached
    timer?.timeCached(route, response.status, start)
    tracing?.recordCached({ headers, requestId: idOf(headers.get(REQUEST_ID)), route, status: response.status, start })
    return response
  }
  app.use('/api/*', cache.middleware)
}

/**
 * Caches 200 answers from the index by URL, for as long as another read would give the same bytes: until the next
 * block, or until the next second, because deadlines pass and agents become ESTABLISHED without a block. So all entries
 * are of one block and one second. A brief that is stored or taken down shows by then, too.
 *
 * It stores an answer at the second request for its URL. An answer that is requested once is not worth the garbage
 * collection: objects that outlive their request are the expensive ones.
 *
 * Of concurrent requests for the same URL, one reads and the others wait for it.
 *
 * The middleware also gives every read, refusals included, its `readHeaders`; and what no other cache may keep, its
 * request id.
 */
function createResponseCache(head: HeadFeed) {
  const entries = new LRUCache<string, CachedResponse>({
    maxSize: MAX_CACHE_BYTES,
    sizeCalculation: ({ body }, url) => 2 * (body.length + url.length) + ENTRY_OVERHEAD_BYTES,
  })
  const requested = new LRUCache<string, true>({
    max: MAX_REQUESTED_URLS,
    maxSize: MAX_REQUESTED_URL_CHARACTERS,
    sizeCalculation: (_, url) => url.length,
  })
  const reading = new Map<string, Promise<void>>()
  /** The block and second of all entries. */
  let validity: Validity | undefined

  function moveTo(next: Validity) {
    if (validity?.hash !== next.hash || validity.now !== next.now) entries.clear()
    validity = next
  }

  function find(path: string) {
    const current = head.validity()
    if (current === undefined) return undefined
    moveTo(current)
    return entries.get(path)
  }

  function store(path: string, response: CachedResponse, snapshot: Snapshot) {
    if (!requested.get(path)) {
      requested.set(path, true)
      return
    }
    const latest = head.lastValidity()
    // A read that ended earlier may have seen a later block.
    if (latest?.hash !== snapshot.hash || BigInt(latest.now) !== snapshot.now) return
    moveTo(latest)
    entries.set(path, response)
  }

  async function read(c: Context, path: string, next: Next) {
    const { promise, resolve } = Promise.withResolvers<void>()
    reading.set(path, promise)
    try {
      await next()
      const snapshot = c.get('snapshot')
      const response = c.get('cachedResponse')
      if (snapshot && response) store(path, response, snapshot)
      else {
        const isShared = isCacheable(c.res.headers)
        const headers = {
          ...readHeaders,
          ...(snapshot && blockHeaders(snapshot)),
          ...(!isShared && { 'cache-control': NO_STORE, 'x-request-id': c.get('requestId') }),
        }
        for (const [name, value] of Object.entries(headers)) c.res.headers.set(name, value)
      }
    } finally {
      if (reading.get(path) === promise) reading.delete(path)
      resolve()
    }
  }

  async function middleware(c: Context, next: Next) {
    if (!isRead(c)) return next()
    const path = withoutOrigin(c.req.url)
    let cached = find(path)
    if (cached === undefined && entries.has(path) && head.validity() === undefined) {
      // If this fails, the read below fails too, and reports the error.
      await head.refresh().catch(() => undefined)
      cached = find(path)
    }
    for (let waits = 0; cached === undefined && waits < MAX_WAITS; waits++) {
      const reader = reading.get(path)
      if (reader === undefined) break
      requested.set(path, true)
      await reader
      cached = find(path)
    }
    // No `await` since checking `reading`, so only one request reads.
    if (cached === undefined) return read(c, path, next)
    c.set('cachedResponse', cached)
    c.res = toResponse(cached, c.req.header('If-None-Match'))
  }

  return { find: (url: string) => find(withoutOrigin(url)), middleware }
}

const withoutOrigin = (url: string) => url.slice(url.indexOf('/', url.indexOf('//') + 2))
