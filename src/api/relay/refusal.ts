import { formatUnits } from 'viem'
import type { AccountErrorCode } from '../../../core/market/accountErrors.ts'
import type { RunErrorCode } from '../../../core/market/actionErrors.ts'
import type { OpenErrorCode } from '../../../core/market/openErrors.ts'

/** Why the relay refuses a request. A code never changes its meaning. */
export type RefusalCode =
  | RunErrorCode
  | AccountErrorCode
  | OpenErrorCode
  | 'REWARD_TOO_LOW'
  | 'WALLET_NOT_DEPLOYED'
  | 'CLAIM_REVERTED'
  | 'CLAIM_PENDING'
  | 'ACTION_REVERTED'
  | 'REGISTRATION_UNSUPPORTED'
  | 'ACTION_PENDING'
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

/** What the relay sends. */
export type Sent = 'claim' | 'action'

/**
 * Why the relay sends nothing about a run with so small a reward; undefined if it does.
 * @param reward in USDC base units, as `least`.
 */
export function refusalOfReward(what: Sent, bountyId: bigint, reward: bigint, least: bigint): Refusal | undefined {
  if (reward >= least) return undefined
  const [paid, required] = [reward, least].map((amount) => formatUnits(amount, 6))
  const detail = `Run ${bountyId} pays ${paid} USDC, and ${what}s are relayed from ${required} USDC on. Send it with the wallet.`
  return new Refusal('REWARD_TOO_LOW', detail, { extensions: { reward: String(reward), required: String(least) } })
}

/**
 * The call takes more gas than the relay pays for.
 * @param estimate what it takes; undefined if the node does not say how much more than the most it is.
 */
export function tooMuchGas(what: Sent, most: bigint, estimate?: bigint): Refusal {
  const detail = `The ${what} takes ${estimate ?? 'more'} gas, and the relay pays for ${most}. Send it with the wallet.`
  const extensions = { gasLimit: String(most), ...(estimate !== undefined && { gas: String(estimate) }) }
  return new Refusal(what === 'claim' ? 'CLAIM_REVERTED' : 'ACTION_REVERTED', detail, { extensions })
}
