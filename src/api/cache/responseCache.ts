import type { MiddlewareHandler } from 'hono'
import { LRUCache } from 'lru-cache'
import { isRead } from '../http/readHeaders.ts'
import type { HeadFeed } from '../index/head.ts'
import { validityOf } from '../index/snapshot.ts'
import { type CachedResponse, toResponse } from './cachedResponse.ts'

const MAX_BYTES = 32 * 1024 * 1024

/** An upper estimate of what an answer takes beside its body and its URL. */
const OVERHEAD_BYTES = 2_048

/**
 * Repeats answers from the index by URL, for as long as another read would give the same bytes: until the next block, or
 * the next second, because deadlines pass and agents become ESTABLISHED without a block. A brief that is stored or taken
 * down shows by then, too. Of concurrent requests for the same URL, one reads and the others wait for it.
 */
export function cacheResponses(head: HeadFeed): MiddlewareHandler {
  const answers = new LRUCache<string, CachedResponse>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ body }, url) => 2 * (body.length + url.length) + OVERHEAD_BYTES,
  })
  const reading = new Map<string, Promise<void>>()

  return async (c, next) => {
    if (!isRead(c)) return next()
    const url = withoutOrigin(c.req.url)
    const other = reading.get(url)
    // Without another one, nothing may run between this look and the read.
    if (other) await other
    const known = answers.get(url)
    if (known && validityOf(known.snapshot) === head.validity()) {
      c.set('cachedResponse', known)
      c.set('isRepeated', true)
      c.res = toResponse(known, c.req.header('If-None-Match'))
      return
    }
    // What another request read may be a refusal, or of a block that has a successor by now. It does not fail: Hono answers errors.
    const read = next().then(() => {
      const response = c.get('cachedResponse')
      if (response) answers.set(url, response)
      reading.delete(url)
    })
    reading.set(url, read)
    return read
  }
}

const withoutOrigin = (url: string) => url.slice(url.indexOf('/', url.indexOf('//') + 2))
