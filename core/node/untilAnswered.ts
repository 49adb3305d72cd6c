import { MethodNotSupportedRpcError } from 'viem'
import { isOutage } from './outage.ts'

/**
 * A call without an answer for this long is sent again, beside the first: a slow node still answers the first, and a node
 * that had hung answers the second.
 */
export const RESEND_MS = 2_000

/**
 * After an outage, such as a broken connection or too many requests, a call is sent again this much later, and twice as
 * much after each further one, up to `RESEND_MS`: most outages end at once, and a node that limits requests is asked less.
 */
const FIRST_RETRY_MS = 150

/** A call without an answer for this long fails. While Ponder indexes the past, it then ends, and is restarted. */
const OUTAGE_MS = 60_000

/**
 * Repeats a request until the node answers; an error is an answer too.
 * @throws the node's error, or after `OUTAGE_MS` an error that Ponder does not retry.
 */
export function untilAnswered(method: string, send: () => Promise<unknown>): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  let lastError: unknown = new Error('The node does not answer')
  let retryMs = FIRST_RETRY_MS
  let attempts = 0
  let isSettled = false
  let nextAttempt: NodeJS.Timeout | undefined

  const attemptAfter = (milliseconds: number) => {
    clearTimeout(nextAttempt)
    nextAttempt = setTimeout(attempt, milliseconds)
  }
  const attempt = () => {
    attempts += 1
    const number = attempts
    attemptAfter(RESEND_MS)
    send().then(resolve, (error) => {
      lastError = error
      if (!isOutage(error)) return reject(error)
      // Only the last attempt has a next one.
      if (isSettled || number !== attempts) return
      attemptAfter(retryMs)
      retryMs = Math.min(2 * retryMs, RESEND_MS)
    })
  }
  const ending = setTimeout(() => {
    reject(new MethodNotSupportedRpcError(lastError as Error, { method }))
  }, OUTAGE_MS)
  attempt()
  return promise.finally(() => {
    isSettled = true
    clearTimeout(nextAttempt)
    clearTimeout(ending)
  })
}
