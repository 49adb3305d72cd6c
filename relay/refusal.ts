import type { ClaimErrorCode } from '../market/contractErrors.ts'

/** Why the relay refuses a request. A code never changes its meaning. */
export type RefusalCode =
  | ClaimErrorCode
  | 'REWARD_TOO_LOW'
  | 'CLAIM_REVERTED'
  | 'CLAIM_PENDING'
  | 'IDEMPOTENCY_CONFLICT'
  | 'RATE_LIMITED'
  | 'RELAY_UNAVAILABLE'

type Extras = {
  /** What the code's refusals say beside the sentence, such as `holder`. JSON values, so no bigint. */
  extensions?: Record<string, unknown>
  /** When the same request may succeed. */
  retrySeconds?: number
  /** Logged, never sent. */
  cause?: unknown
}

/** A refusal of the relay. It knows no protocol: the server adds status and headers. `detail` is a sentence for a person. */
export class Refusal extends Error {
  readonly code: RefusalCode
  readonly detail: string
  readonly extensions: Record<string, unknown>
  readonly retrySeconds: number | undefined

  constructor(code: RefusalCode, detail: string, { extensions = {}, retrySeconds, cause }: Extras = {}) {
    super(detail, { cause })
    this.name = 'Refusal'
    this.code = code
    this.detail = detail
    this.extensions = extensions
    this.retrySeconds = retrySeconds
  }
}

/** A temporary failure of the relay. */
export const unavailable = (detail: string, cause?: unknown, retrySeconds = 2) =>
  new Refusal('RELAY_UNAVAILABLE', detail, { retrySeconds, cause })

/** @param wait seconds until the same request is accepted. */
export function rateLimited(detail: string, wait: number): Refusal {
  const retrySeconds = Math.max(1, Math.ceil(wait))
  return new Refusal('RATE_LIMITED', `${detail} Try again in ${retrySeconds} s.`, { retrySeconds })
}

/** Whether the error is a temporary failure of the relay. */
export const isUnavailable = (error: unknown) => error instanceof Refusal && error.code === 'RELAY_UNAVAILABLE'

/** For a `catch` that ignores temporary failures of node and database. @throws any other error. */
export function unlessUnavailable(error: unknown): undefined {
  if (!(error instanceof Refusal)) throw error
}
