import { hash } from 'node:crypto'
import type { Context, MiddlewareHandler, Next } from 'hono'
import { LRUCache } from 'lru-cache'
import type { IndexReader, Present } from './queries/indexReader.ts'

/** In bytes, as far as they can be counted. */
const MAX_SIZE = 64 * 1024 * 1024

/** What an answer takes beside its body and its URL. Bytes, generously. */
const OVERHEAD = 2_048

type Answer = {
  body: string
  etag: string
  headers: Record<string, string>
  /** The headers of a 304 that stands for it. */
  retained: Record<string, string>
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
 * Outside everything that adds headers, since it answers with all of them; inside what is of the one request.
 */
export function cacheAnswers(index: IndexReader): MiddlewareHandler {
  const answers = new LRUCache<string, Answer>({
    maxSize: MAX_SIZE,
    sizeCalculation: ({ body }, url) => 2 * (body.length + url.length) + OVERHEAD,
  })
  const reading = new Map<string, Promise<void>>()
  let kept: Present | undefined

  /** Forgets what is of another block or second. */
  function isPresent(present = index.present()) {
    if (present === undefined) return false
    if (kept?.hash !== present.hash || kept.now !== present.now) answers.clear()
    kept = present
    return true
  }

  const find = (url: string) => (isPresent() ? answers.get(url) : undefined)

  async function read(c: Context, url: string, next: Next) {
    const { promise, resolve } = Promise.withResolvers<void>()
    reading.set(url, promise)
    try {
      await next()
      const snapshot = c.get('snapshot')
      if (snapshot === undefined || c.res.status !== 200) return undefined
      const answer = await answerOf(c)
      const isOfPresent = isPresent() && kept?.hash === snapshot.hash && BigInt(kept.now) === snapshot.now
      if (isOfPresent) answers.set(url, answer)
      return answer
    } finally {
      if (reading.get(url) === promise) reading.delete(url)
      resolve()
    }
  }

  return async function cacheAnswers(c, next) {
    if (c.req.method !== 'GET' && c.req.method !== 'HEAD') return next()
    const url = c.req.url.slice(c.req.url.indexOf('/', c.req.url.indexOf('//') + 2))
    let answer = find(url)
    if (answer === undefined && answers.has(url) && index.present() === undefined) {
      // If the look fails, so does the read that follows, and says why.
      await index.refresh().catch(() => undefined)
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

async function answerOf(c: Context): Promise<Answer> {
  const body = await c.res.text()
  const etag = `"${hash('sha256', body)}"`
  const named = [...c.res.headers, ['etag', etag] as const].filter(([name]) => name !== 'x-request-id')
  const retained = Object.fromEntries(named.filter(([name]) => isRetained(name)))
  return { body, etag, headers: Object.fromEntries(named), retained, routeIndex: c.req.routeIndex }
}

/** A 304 has the headers that may have changed, and those by which a page of another origin may read them. */
function isRetained(name: string) {
  return (
    name === 'etag' || name === 'cache-control' || name.startsWith('x-indexed-') || name.startsWith('access-control-')
  )
}

function give(c: Context, { body, etag, headers, retained, routeIndex }: Answer) {
  c.req.routeIndex = routeIndex
  const own = { 'x-request-id': c.get('requestId') }
  const known = c.req.header('If-None-Match')
  // Unset first: what is set over another response takes its headers from it.
  c.res = undefined
  c.res =
    known !== undefined && isKnown(known, etag)
      ? new Response(null, { status: 304, headers: { ...retained, ...own } })
      : new Response(body, { headers: { ...headers, ...own } })
}

/** RFC 9110, section 13.1.2: by weak comparison. */
function isKnown(known: string, etag: string) {
  return known.trim() === '*' || (known.match(/"[^"]*"/g)?.includes(etag) ?? false)
}
