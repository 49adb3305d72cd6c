import type { ClaimRequest } from '../../../relay/claims/chain/market.ts'
import { Refusal } from '../../../relay/refusal.ts'
import { Problem, problemTypes } from './errors.ts'

/** The answer to a refusal of the relay. Other errors stay what they are. */
export function problemOf(error: unknown, headers: Record<string, string> = {}): unknown {
  if (!(error instanceof Refusal)) return error
  const { code, detail, extensions, retrySeconds, cause } = error
  const retry = retrySeconds === undefined ? {} : { 'Retry-After': String(retrySeconds) }
  return new Problem(code, detail, { extensions, headers: { ...retry, ...headers }, cause })
}

/**
 * The answer to the refusal of a claim. RFC 9110 requires a challenge in every 401: it names the message to sign and where
 * to get it.
 */
export function problemOfClaim(error: unknown, { bountyId, agentId, wallet }: ClaimRequest): unknown {
  if (!(error instanceof Refusal) || problemTypes[error.code].status !== 401) return problemOf(error)
  const message = `/api/runs/${bountyId}/claim-message?agentId=${agentId}&walletAddress=${wallet}`
  return problemOf(error, { 'WWW-Authenticate': `EIP712 realm="runline", message="${message}"` })
}
