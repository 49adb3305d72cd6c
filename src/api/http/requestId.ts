import { randomUUID } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { isRead } from './readHeaders.ts'

export const REQUEST_ID = 'X-Request-Id'

/** What a proxy may call a request. */
const given = /^[\w\-=]{1,255}$/

declare module 'hono' {
  interface ContextVariableMap {
    requestId: string
  }
}

/** @returns the id that a proxy gave the request in `REQUEST_ID`, or a new one. */
export const idOf = (proposed: string | null | undefined): string =>
  proposed && given.test(proposed) ? proposed : randomUUID()

/**
 * Names the request for the log and the client. Hono's own middleware would set the header for each request, at the cost
 * of a Headers object; where the request `isRead`, the answer cache does it.
 */
export const requestId: MiddlewareHandler = (c, next) => {
  const id = idOf(c.req.header(REQUEST_ID))
  c.set('requestId', id)
  if (!isRead(c)) c.header(REQUEST_ID, id)
  return next()
}
