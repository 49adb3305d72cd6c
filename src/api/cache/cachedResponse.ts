import { hash } from 'node:crypto'
import { readHeaders } from '../http/readHeaders.ts'
import type { Snapshot } from '../queries/snapshot.ts'

/** A 200 answer from the index. It is valid for every request for the same URL at the same block and second. */
export type CachedResponse = {
  body: string
  headers: Record<string, string> & { etag: string }
  /** The pattern of the route that answered, for metrics. */
  route: string
}

declare module 'hono' {
  interface ContextVariableMap {
    /** The snapshot that the answer was read at; absent if the answer did not come from the index. */
    snapshot: Snapshot
    /** Absent if the request is refused. */
    cachedResponse: CachedResponse
  }
}

/** The headers that name the block at which an answer is true. */
export function blockHeaders({ number, hash }: Snapshot): Record<string, string> {
  return { 'x-indexed-block': number.toString(), 'x-indexed-hash': hash }
}

/** @param body JSON that is true at the snapshot. */
export function createCachedResponse(body: string, snapshot: Snapshot, route: string): CachedResponse {
  const headers = { ...readHeaders, ...blockHeaders(snapshot), etag: `"${hash('sha256', body)}"` }
  return { body, headers, route }
}

/**
 * Builds the Response for one request: 304 where the client has the same body already. It does not use `c.body`, which
 * takes longer to merge headers than a page takes to read.
 */
export function toResponse(
  { body, headers }: CachedResponse,
  ifNoneMatch: string | null | undefined,
  requestId: string,
): Response {
  const id = { 'x-request-id': requestId }
  return ifNoneMatch && matches(ifNoneMatch, headers.etag)
    ? new Response(null, { status: 304, headers: { ...headers, ...id } })
    : new Response(body, { headers: { ...headers, 'content-type': 'application/json', ...id } })
}

/** Whether If-None-Match names the ETag. RFC 9110, section 13.1.2: weak comparison. */
export function matches(ifNoneMatch: string, etag: string) {
  return ifNoneMatch.trim() === '*' || (ifNoneMatch.match(/"[^"]*"/g)?.includes(etag) ?? false)
}
