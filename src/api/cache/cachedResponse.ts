import { hash } from 'node:crypto'
import { readHeaders, SHARED_FOR_A_SECOND } from '../http/readHeaders.ts'
import type { Snapshot } from '../index/snapshot.ts'

/** A 200 answer from the index at the snapshot. `route` is the pattern of the route that answered, for metrics. */
export type CachedResponse = { body: string; headers: { etag: string }; snapshot: Snapshot; route: string }

declare module 'hono' {
  interface ContextVariableMap {
    /** The snapshot that the answer was read at; absent if the answer did not come from the index. */
    snapshot: Snapshot
    /** Absent if the request is refused. */
    cachedResponse: CachedResponse
    /** Whether the answer was read for another request. */
    isRepeated?: true
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
