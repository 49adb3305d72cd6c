import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'

/** How long a request waits at most until what it sends is mined and indexed. */
const MAX_WAIT_SECONDS = 15

/** When a client may ask again for the state of what it has sent. */
export const RETRY_AFTER_SECONDS = 1

/** The interval between reads of the index while it cannot answer, or after a reorg removed what was sent. */
export const INDEX_INTERVAL_MS = 200

/** The schema of the header `Prefer`. */
export const prefer = z.string().openapi({
  description: '`wait=n`: how many seconds to wait before a 202, at most 15.',
  example: 'wait=5',
})

/** @returns a signal that aborts when the request has waited for as long as it prefers, or may. */
export function waitingTime(c: Context): AbortSignal {
  const preferred = preferredWait(c.req.header('prefer'))
  if (preferred !== undefined) c.header('Preference-Applied', `wait=${preferred}`)
  return AbortSignal.timeout((preferred ?? MAX_WAIT_SECONDS) * 1_000)
}

/** By RFC 7240, unknown preferences are ignored. @returns seconds. */
function preferredWait(header = ''): number | undefined {
  const [, seconds] = /(?:^|,)\s*wait\s*=\s*"?([0-9]{1,9})"?\s*(?=$|[,;])/i.exec(header) ?? []
  return seconds === undefined ? undefined : Math.min(Number(seconds), MAX_WAIT_SECONDS)
}
