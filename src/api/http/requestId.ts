import { randomUUID } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { isRead } from './readHeaders.ts'

export const REQUEST_ID = 'X-Request-Id'

/** The ids that are accepted from a proxy. */
const acceptedId = /^[\w\-=]{1,255}$/

declare module 'hono' {
  interface ContextVariableMap {
    requestId: string
  }
}

/** @returns the id that a proxy sent in `REQUEST_ID`, or a new one. */
export const idOf = (proposed: string | null | undefined): string =>
  proposed && acceptedId.test(proposed) ? proposed : randomUUID()

/**
 * Gives the request an id, for the log and the client. Hono's own middleware would create a Headers object per request
 * to set the header; where the request `isRead`, the response cache sets it instead.
 */
export const requestId: MiddlewareHandler = (c, next) => {
  const id = idOf(c.req.header(REQUEST_ID))
  c.set('requestId', id)
  if (!isRead(c)) c.header(REQUEST_ID, id)
  return next()
}
