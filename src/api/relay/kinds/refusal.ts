import { explainRunError, type RunError } from '../../../../core/market/actionErrors.ts'
import type { ChainHead } from '../chain/heads.ts'
import { isExpiring, MIN_VALIDITY_SECONDS, nextTimestamp } from '../chain/nextBlock.ts'
import { Refusal, type RefusalCode, type Sent } from '../refusal.ts'
import { type Message, type NamedAction, nounOf } from './request.ts'

/** Most chains make a block within this time. */
export const PENDING_RETRY_SECONDS = 2

/** The contracts' refusal. */
export function refusalOf(error: RunError): Refusal {
  const { code, sentence, extensions } = explainRunError(error)
  return new Refusal(code, sentence, { extensions })
}

export const unexplained = (what: Sent, extensions: Record<string, unknown>) =>
  new Refusal(
    what === 'claim' ? 'CLAIM_REVERTED' : 'ACTION_REVERTED',
    `The ${what} reverts on chain for a reason unknown to this API.`,
    { extensions },
  )

/** @param deadline of the signature. Both in seconds. */
export const signatureExpired = (deadline: bigint, now: bigint) =>
  refusalOf({ errorName: 'SignatureExpired', args: [deadline, now] })

/** Why the signature is valid too briefly for a block after the head; undefined if it is not. */
export function refusalOfDeadline(message: Message, head: ChainHead): Refusal | undefined {
  const { deadline } = message
  const now = nextTimestamp(head)
  if (deadline < now) return signatureExpired(deadline, now)
  if (!isExpiring(deadline, head)) return undefined
  const detail = `The signature expires in ${deadline - now} s; ${MIN_VALIDITY_SECONDS} s must be left when the ${nounOf(message)} is sent. Sign a new message.`
  return new Refusal('SIGNATURE_EXPIRED', detail, { extensions: { deadline: String(deadline) } })
}

/**
 * The reverts that do not count against the party: the run or the agent changed after the simulation, by an action that another
 * party may have made: it ends a claim or a review, uses a nonce, slashes or locks stake, or gives the agent another owner.
 * If they counted, an opponent could pause the party for a day.
 */
const BLAMELESS = new Set<RefusalCode>([
  'WRONG_STATE',
  'WRONG_REVISION',
  'RUN_CLOSING',
  'REVIEW_PERIOD_OVER',
  'SUBMISSION_OVERDUE',
  'SIGNER_MISMATCH',
  'OWNER_MISMATCH',
  'WRONG_NONCE',
  'INSUFFICIENT_STAKE',
  'STAKE_LOCKED',
  'NOTHING_OWED',
  'USDC_REFUSED',
])

/** Whether a revert of an action beside claims does not count against its party. */
export const isBlamelessRevert = (_: unknown, { code }: Refusal): boolean => BLAMELESS.has(code)

/** Another action has the slot, and is not decided yet. */
export function actionPending({ actionId, request: { message } }: NamedAction, slot: string): Refusal {
  const detail = `The action ${message.action} of ${slot} is not decided yet, ${actionId}. Send this one again.`
  return new Refusal('ACTION_PENDING', detail, { extensions: { actionId }, retrySeconds: PENDING_RETRY_SECONDS })
}
