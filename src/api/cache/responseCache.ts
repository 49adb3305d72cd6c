import type { Context, MiddlewareHandler, Next } from 'hono'
import { LRUCache } from 'lru-cache'
import { isRead } from '../http/readHeaders.ts'
import type { HeadFeed, Validity } from '../index/head.ts'
import { type CachedResponse, toResponse } from './cachedResponse.ts'

const MAX_BYTES = 64 * 1024 * 1024

/** An upper estimate of what an answer takes beside its body and its URL. */
const OVERHEAD_BYTES = 2_048

/** How often a request waits for another one's read, which may be a refusal, or of a block that has a successor by then. */
const MAX_WAITS = 2

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
  /** The block and second of all answers. */
  let validity: Validity | undefined

  function moveTo(next: Validity) {
    if (validity?.hash !== next.hash || validity.now !== next.now) answers.clear()
    validity = next
  }

  function find(url: string): CachedResponse | undefined {
    const current = head.validity()
    if (current === undefined) return undefined
    moveTo(current)
    return answers.get(url)
  }

  async function read(c: Context, url: string, next: Next) {
    const { promise, resolve } = Promise.withResolvers<void>()
    reading.set(url, promise)
    try {
      await next()
      const response = c.get('cachedResponse')
      const latest = head.lastValidity()
      // Another read may have seen a later block.
      if (!response || latest?.hash !== response.snapshot.hash || BigInt(latest.now) !== response.snapshot.now) return
      moveTo(latest)
      answers.set(url, response)
    } finally {
      reading.delete(url)
      resolve()
    }
  }

  return async (c, next) => {
    if (!isRead(c)) return next()
    const url = withoutOrigin(c.req.url)
    let known = find(url)
    for (let waits = 0; known === undefined && waits < MAX_WAITS && reading.has(url); waits++) {
      await reading.get(url)
      known = find(url)
    }
    // Nothing is awaited since `reading` was asked, so that one request reads.
    if (known === undefined) return read(c, url, next)
    c.set('cachedResponse', known)
    c.set('isRepeated', true)
    c.res = toResponse(known, c.req.header('If-None-Match'))
  }
}

const withoutOrigin = (url: string) => url.slice(url.indexOf('/', url.indexOf('//') + 2))
