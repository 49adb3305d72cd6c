import { hash } from 'node:crypto'
import { readHeaders } from '../http/readHeaders.ts'
import type { Snapshot } from '../queries/snapshot.ts'

/** What the index answered with 200: for whoever asks the same of the same block and second. */
export type Answer = {
  body: string
  headers: Record<string, string> & { etag: string }
  /** The pattern of the route that answered: metrics are by route. */
  route: string
}

declare module 'hono' {
  interface ContextVariableMap {
    /** What the answer is of; absent if it did not come from the index. */
    snapshot: Snapshot
    /** Absent if the request is refused. */
    answer: Answer
  }
}

/** The headers that name the block an answer is true at. */
export function blockHeaders({ number, hash }: Snapshot): Record<string, string> {
  return { 'x-indexed-block': number.toString(), 'x-indexed-hash': hash }
}

/** @param body JSON that is true at the snapshot. */
export function answerOf(body: string, snapshot: Snapshot, route: string): Answer {
  const headers = { ...readHeaders, ...blockHeaders(snapshot), etag: `"${hash('sha256', body)}"` }
  return { body, headers, route }
}

/**
 * 304 for whoever has the same. Not by `c.body`, which takes longer to merge headers than to read a page.
 * @param known The request's `If-None-Match`.
 */
export function responseOf({ body, headers }: Answer, known: string | null | undefined, requestId: string): Response {
  const id = { 'x-request-id': requestId }
  return known && isKnown(known, headers.etag)
    ? new Response(null, { status: 304, headers: { ...headers, ...id } })
    : new Response(body, { headers: { ...headers, 'content-type': 'application/json', ...id } })
}

/** RFC 9110, section 13.1.2: by weak comparison. */
function isKnown(known: string, etag: string) {
  return known.trim() === '*' || (known.match(/"[^"]*"/g)?.includes(etag) ?? false)
}
