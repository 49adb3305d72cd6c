import { randomUUID } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { isCacheable, isRead } from './readHeaders.ts'

export const REQUEST_ID = 'X-Request-Id'

/** The ids that are accepted from a proxy. */
const acceptedId = /^[\w\-=]{1,255}$/

declare module 'hono' {
  interface ContextVariableMap {
    requestId: string
  }
}

/**
 * Gives the request an id, for the log and the client. An answer that caches may keep has no id: it would name another
 * client's request. Hono's own middleware would create a Headers object per request to set the header; where the request
 * `isRead`, `readMiddleware` sets it instead.
 */
export const requestId: MiddlewareHandler = async (c, next) => {
  const proposed = c.req.header(REQUEST_ID)
  const id = proposed && acceptedId.test(proposed) ? proposed : randomUUID()
  c.set('requestId', id)
  if (isRead(c)) return next()
  if (c.req.method === 'POST') {
    c.header(REQUEST_ID, id)
    return next()
  }
  await next()
  if (!isCacheable(c.res.headers)) c.header(REQUEST_ID, id)
}
