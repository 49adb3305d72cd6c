import { randomUUID } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { isRead } from './standingHeaders.ts'

const HEADER = 'X-Request-Id'

/** What a proxy may call a request. */
const given = /^[\w\-=]{1,255}$/

declare module 'hono' {
  interface ContextVariableMap {
    requestId: string
  }
}

/**
 * Names the request, by the id that a proxy gave it or a new one, for the log and the client. Hono's own middleware would
 * set the header for each request, at the cost of a Headers object; where the request `isRead`, `cacheAnswers` does it.
 */
export const requestId: MiddlewareHandler = (c, next) => {
  const proposed = c.req.header(HEADER)
  const id = proposed !== undefined && given.test(proposed) ? proposed : randomUUID()
  c.set('requestId', id)
  if (!isRead(c)) c.header(HEADER, id)
  return next()
}
