import { type AccountActionName, membersAsText } from '../../../core/market/accountActions.ts'
import { partyMemberOf } from '../../../core/market/runActions.ts'
import type { Message } from '../relay/kinds/request.ts'
import { Refusal, unavailable } from '../relay/refusal.ts'
import { Problem, problemTypes } from './errors.ts'

/** The answer to a refusal of the relay. Other errors stay what they are. */
export function problemOf(error: unknown, headers: Record<string, string> = {}): unknown {
  if (!(error instanceof Refusal)) return error
  const { code, detail, extensions, retrySeconds, cause } = error
  const retry = retrySeconds === undefined ? {} : { 'Retry-After': String(retrySeconds) }
  return new Problem(code, detail, { extensions, headers: { ...retry, ...headers }, cause })
}

/** The other way round: how the relay refuses where a read of the index failed. Other errors stay what they are. */
export function refusalOfRead(error: unknown): unknown {
  return error instanceof Problem ? unavailable('The index cannot be read.', error) : error
}

/**
 * The answer to the refusal of an action. RFC 9110 requires a challenge in every 401: it names the message to sign and where to
 * get it. A call that anyone may ask for has none.
 */
export function problemOfAction(error: unknown, message: Message): unknown {
  const url = messageUrl(message)
  const isOfSignature = error instanceof Refusal && problemTypes[error.code].status === 401
  return problemOf(error, isOfSignature && url !== undefined ? challenge(url) : {})
}

/** The challenge of a 401. @param url of the message to sign. */
export const challenge = (url: string) => ({ 'WWW-Authenticate': `EIP712 realm="runline", message="${url}"` })

function messageUrl(message: Message): string | undefined {
  if (message.action === 'claim') {
    const { bountyId, agentId, party } = message
    return `/api/runs/${bountyId}/claim-message?agentId=${agentId}&walletAddress=${party}`
  }
  if ('members' in message) {
    const renewed = RENEWED[message.action]
    const named = Object.entries(membersAsText(message)).filter(([member]) => !renewed.includes(member))
    return `/api/messages/${message.action}?${new URLSearchParams(named)}`
  }
  if (!('round' in message)) return undefined
  const { action, bountyId, party } = message
  const signer = partyMemberOf(action) === 'signer' ? `&signer=${party}` : ''
  return `/api/messages/${action}?runId=${bountyId}${signer}`
}

/** Members of which a new message has values of its own; `owner` of a stake is what the index shows. */
const RENEWED: Record<AccountActionName, readonly string[]> = {
  post: ['salt', 'validBefore'],
  register: ['salt', 'deadline'],
  stake: ['salt', 'validBefore', 'owner'],
  unstake: ['nonce', 'deadline'],
}
