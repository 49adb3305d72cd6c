import { hash } from 'node:crypto'
import type { Context, MiddlewareHandler, Next } from 'hono'
import { LRUCache } from 'lru-cache'
import type { HeadFeed, Present } from './queries/headFeed.ts'
import type { Snapshot } from './queries/snapshot.ts'
import { isRead, standingHeaders } from './standingHeaders.ts'

/** In bytes, as far as they can be counted. */
const MAX_SIZE = 64 * 1024 * 1024

/** What an answer takes beside its body and its URL. Bytes, generously. */
const OVERHEAD = 2_048

type Answer = {
  body: string
  headers: Record<string, string> & { etag: string }
  /** The place of the route that answered among those that match the URL: metrics are by route. */
  routeIndex: number
}

/**
 * Keeps what the index answered with 200, by URL, for as long as asking again would give the same bytes: until the next
 * block or, since deadlines pass and agents rise without a block, the next second. So it holds the answers of one block
 * and one second only. Gives them a strong ETag, and answers 304 to those who have the same.
 *
 * Of requests for the same URL at the same time, one reads.
 *
 * It gives every read its standing headers, also a refusal.
 */
export function cacheAnswers(head: HeadFeed): MiddlewareHandler {
  const answers = new LRUCache<string, Answer>({
    maxSize: MAX_SIZE,
    sizeCalculation: ({ body }, url) => 2 * (body.length + url.length) + OVERHEAD,
  })
  const reading = new Map<string, Promise<void>>()
  let kept: Present | undefined

  /** Forgets what is of another block or second. */
  function moveTo(present: Present) {
    if (kept?.hash !== present.hash || kept.now !== present.now) answers.clear()
    kept = present
  }

  function find(url: string) {
    const present = head.present()
    if (present === undefined) return undefined
    moveTo(present)
    return answers.get(url)
  }

  function keep(url: string, answer: Answer, snapshot: Snapshot) {
    const seen = head.lastPresent()
    // Another read, which ended before, may have seen a later block.
    if (seen?.hash !== snapshot.hash || BigInt(seen.now) !== snapshot.now) return
    moveTo(seen)
    answers.set(url, answer)
  }

  async function read(c: Context, url: string, next: Next) {
    const { promise, resolve } = Promise.withResolvers<void>()
    reading.set(url, promise)
    try {
      await next()
      const [snapshot, body] = [c.get('snapshot'), c.get('json')]
      if (snapshot === undefined || body === undefined) {
        for (const [name, value] of Object.entries(await standingHeaders())) c.res.headers.set(name, value)
        return undefined
      }
      const answer = answerOf(body, snapshot, await standingHeaders(), c.req.routeIndex)
      keep(url, answer, snapshot)
      return answer
    } finally {
      if (reading.get(url) === promise) reading.delete(url)
      resolve()
    }
  }

  return async function cacheAnswers(c, next) {
    if (!isRead(c)) return next()
    const url = c.req.url.slice(c.req.url.indexOf('/', c.req.url.indexOf('//') + 2))
    let answer = find(url)
    if (answer === undefined && answers.has(url) && head.present() === undefined) {
      // If the look fails, so does the read that follows, and says why.
      await head.refresh().catch(() => undefined)
      answer = find(url)
    }
    const ahead = answer ? undefined : reading.get(url)
    if (ahead) {
      await ahead
      answer = find(url)
    }
    // Begun without a pause since the look at who is ahead. Not waited for a second time: a refusal is kept by none.
    answer ??= await read(c, url, next)
    if (answer) give(c, answer)
  }
}

function answerOf(
  body: string,
  { number, hash: blockHash }: Snapshot,
  standing: Record<string, string>,
  routeIndex: number,
): Answer {
  const headers = {
    ...standing,
    'x-indexed-block': number.toString(),
    'x-indexed-hash': blockHash,
    etag: `"${hash('sha256', body)}"`,
  }
  return { body, headers, routeIndex }
}

function give(c: Context, { body, headers, routeIndex }: Answer) {
  c.req.routeIndex = routeIndex
  const requestId = { 'x-request-id': c.get('requestId') }
  const known = c.req.header('If-None-Match')
  // Unset first: what is set over another response takes its headers from it.
  c.res = undefined
  c.res =
    known !== undefined && isKnown(known, headers.etag)
      ? new Response(null, { status: 304, headers: { ...headers, ...requestId } })
      : new Response(body, { headers: { ...headers, 'content-type': 'application/json', ...requestId } })
}

/** RFC 9110, section 13.1.2: by weak comparison. */
function isKnown(known: string, etag: string) {
  return known.trim() === '*' || (known.match(/"[^"]*"/g)?.includes(etag) ?? false)
}
