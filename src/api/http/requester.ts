import type { Context } from 'hono'
import type { Requester } from '../../../core/fairLane.ts'
import type { ClientLimits } from './clientLimits.ts'

/** The sender of the request. Without limits, where no server runs, all requests are one client's. */
export const requesterOf = (c: Context, limits: ClientLimits | undefined): Requester => ({
  client: limits?.clientOf(c) ?? 'unknown',
  gone: c.req.raw.signal,
})
