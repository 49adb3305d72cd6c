import type { Context, MiddlewareHandler, Next } from 'hono'
import { LRUCache } from 'lru-cache'
import { type Answer, blockHeaders, responseOf } from './cachedResponse.ts'
import { isRead, readHeaders } from '../http/readHeaders.ts'
import type { HeadFeed, Present } from '../queries/headFeed.ts'
import type { Snapshot } from '../queries/snapshot.ts'

/** In bytes, as far as they can be counted. */
const MAX_SIZE = 64 * 1024 * 1024

/** What an answer takes beside its body and its URL. Bytes, generously. */
const OVERHEAD = 2_048

/** URLs that are remembered as asked for, and their characters: four seconds of a crowd that reads a list to its end. */
const REMEMBERED = { max: 10_000, maxSize: 1024 * 1024 }

export type AnswerCache = {
  /** The answer to the request as it would be given now, if it is kept. */
  find(request: Request): Answer | undefined
  /** Answers from what is kept, or keeps what is answered. */
  middleware: MiddlewareHandler
}

/**
 * Keeps what the index answered with 200, by URL, for as long as asking again would give the same bytes: until the next
 * block or, since deadlines pass and agents rise without a block, the next second. So it holds the answers of one block
 * and one second only.
 *
 * It keeps what is asked for again: the answer to a URL that was not asked for lately is not worth what it costs the
 * garbage collector, which has most to do where an object outlives its request.
 *
 * Of requests for the same URL at the same time, one reads.
 *
 * It gives every read its standing headers and the request's id, also a refusal.
 */
export function createAnswerCache(head: HeadFeed): AnswerCache {
  const answers = new LRUCache<string, Answer>({
    maxSize: MAX_SIZE,
    sizeCalculation: ({ body }, url) => 2 * (body.length + url.length) + OVERHEAD,
  })
  const asked = new LRUCache<string, true>({ ...REMEMBERED, sizeCalculation: (_, url) => url.length })
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
    if (!asked.get(url)) {
      asked.set(url, true)
      return
    }
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
      const [snapshot, answer] = [c.get('snapshot'), c.get('answer')]
      if (snapshot && answer) keep(url, answer, snapshot)
      else {
        const headers = {
          ...readHeaders,
          ...(snapshot && blockHeaders(snapshot)),
          'x-request-id': c.get('requestId'),
        }
        for (const [name, value] of Object.entries(headers)) c.res.headers.set(name, value)
      }
    } finally {
      if (reading.get(url) === promise) reading.delete(url)
      resolve()
    }
  }

  async function cacheAnswers(c: Context, next: Next) {
    if (!isRead(c)) return next()
    const url = withoutOrigin(c.req.url)
    let answer = find(url)
    if (answer === undefined && answers.has(url) && head.present() === undefined) {
      // If the look fails, so does the read that follows, and says why.
      await head.refresh().catch(() => undefined)
      answer = find(url)
    }
    const ahead = answer ? undefined : reading.get(url)
    if (ahead) {
      asked.set(url, true)
      await ahead
      answer = find(url)
    }
    // Begun without a pause since the look at who is ahead. Not waited for a second time: a refusal is kept by none.
    if (answer === undefined) return read(c, url, next)
    c.set('answer', answer)
    c.res = responseOf(answer, c.req.header('If-None-Match'), c.get('requestId'))
  }

  return { find: ({ url }) => find(withoutOrigin(url)), middleware: cacheAnswers }
}

const withoutOrigin = (url: string) => url.slice(url.indexOf('/', url.indexOf('//') + 2))
