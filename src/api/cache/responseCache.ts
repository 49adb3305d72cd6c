import { hash } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import { LRUCache } from 'lru-cache'
import { isRead, readHeaders, SHARED_FOR_A_SECOND, withoutOrigin } from '../http/readHeaders.ts'
import type { HeadFeed } from '../index/head.ts'
import { type Snapshot, validityOf } from '../index/snapshot.ts'

/** A 200 answer from the index at the snapshot. `route` is the pattern of the route that answered, for metrics. */
type CachedResponse = { body: string; headers: { etag: string }; snapshot: Snapshot; route: string }

declare module 'hono' {
  interface ContextVariableMap {
    /** The snapshot that the answer was read at; absent if the answer did not come from the index. */
    snapshot: Snapshot
    /** Absent if the request is refused. */
    cachedResponse: CachedResponse
    /** Whether the answer was read for another request. */
    isRepeated?: true
    /** Says that the read of the answer waits for its turn. Absent if no other request waits for it. */
    wait: (() => void) | undefined
  }
}

/** The headers that name the block at which an answer is true. */
export function blockHeaders({ number, hash }: Snapshot): Record<string, string> {
  return { 'x-indexed-block': number.toString(), 'x-indexed-hash': hash }
}

/**
 * The headers of an answer that is true at the snapshot, and that shared caches may keep. The ETag is of the block, too:
 * some caches keep the headers that they stored when they get 304, and would go on to name an old block.
 */
export function sharedHeaders(body: string, snapshot: Snapshot): Record<string, string> & { etag: string } {
  const etag = `"${hash('sha256', `${snapshot.hash}\n${body}`)}"`
  return { 'cache-control': SHARED_FOR_A_SECOND, ...blockHeaders(snapshot), etag }
}

/** @param body JSON that is true at the snapshot. */
export function createCachedResponse(body: string, snapshot: Snapshot, route: string): CachedResponse {
  return { body, headers: { ...readHeaders, ...sharedHeaders(body, snapshot) }, snapshot, route }
}

/**
 * Builds the Response for one request: 304 where the client has the same body of the same block already. It does not use
 * `c.body`, which takes longer to merge headers than a page takes to read.
 */
export function toResponse({ body, headers }: CachedResponse, ifNoneMatch: string | undefined): Response {
  return ifNoneMatch && matches(ifNoneMatch, headers.etag)
    ? new Response(null, { status: 304, headers })
    : new Response(body, { headers: { ...headers, 'content-type': 'application/json' } })
}

/** Whether If-None-Match names the ETag. RFC 9110, section 13.1.2: weak comparison. */
export function matches(ifNoneMatch: string, etag: string) {
  return ifNoneMatch.trim() === '*' || (ifNoneMatch.match(/"[^"]*"/g)?.includes(etag) ?? false)
}

const MAX_BYTES = 32 * 1024 * 1024

/** An upper estimate of what an answer takes beside its body and its URL. */
const OVERHEAD_BYTES = 2_048

/**
 * Repeats answers from the index by URL, for as long as another read would give the same bytes: until the next block, or
 * the next second, because deadlines pass and agents become ESTABLISHED without a block. A brief that is stored or taken
 * down shows by then, too. Of concurrent requests for the same URL, one reads and the others wait for it. Where that read
 * waits for its turn among those of its network, only requests of this network wait for it: others have turns of their own.
 */
export function cacheResponses(head: HeadFeed, networkOf?: (c: Context) => string): MiddlewareHandler {
  const answers = new LRUCache<string, CachedResponse>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ body }, url) => 2 * (body.length + url.length) + OVERHEAD_BYTES,
  })
  const reading = new Map<string, Promise<void>>()
  const find = (url: string) => {
    const known = answers.get(url)
    return known && validityOf(known.snapshot) === head.validity() ? known : undefined
  }

  return async (c, next) => {
    if (!isRead(c)) return next()
    const url = withoutOrigin(c.req.url)
    let known = find(url)
    const ofNetwork = known ? '' : `${networkOf?.(c)} ${url}`
    const other = known ? undefined : (reading.get(url) ?? reading.get(ofNetwork))
    if (other) {
      await other
      known = find(url)
    }
    if (known) {
      c.set('cachedResponse', known)
      c.set('isRepeated', true)
      c.res = toResponse(known, c.req.header('If-None-Match'))
      return
    }
    // What another request read may be a refusal, or of a block that has a successor by now.
    const { promise, resolve } = Promise.withResolvers<void>()
    const leave = (key: string) => reading.get(key) === promise && reading.delete(key)
    reading.set(url, promise)
    c.set('wait', () => {
      leave(url)
      reading.set(ofNetwork, promise)
    })
    // It does not fail: Hono answers errors.
    await next()
    const response = c.get('cachedResponse')
    if (response) answers.set(url, response)
    leave(url)
    leave(ofNetwork)
    resolve()
  }
}
