import type { Hex } from 'viem'
import { explainRunError, type RunError } from '../../../../core/market/actionErrors.ts'
import { Refusal } from '../refusal.ts'

/** Most chains make a block within this time. */
const PENDING_RETRY_SECONDS = 2

/** The contracts' refusal. */
export function refusalOf(error: RunError): Refusal {
  const { code, sentence, extensions } = explainRunError(error)
  return new Refusal(code, sentence, { extensions })
}

export const unexplained = (extensions: Record<string, unknown>) =>
  new Refusal('ACTION_REVERTED', 'The action reverts on chain for a reason unknown to this API.', { extensions })

/** @param deadline of the signature. Both in seconds. */
export const signatureExpired = (deadline: bigint, now: bigint) =>
  refusalOf({ errorName: 'SignatureExpired', args: [deadline, now] })

/** Another action has the slot, and is not decided yet. */
export const actionPending = (actionId: Hex, action: string, slot: string) =>
  new Refusal(
    'ACTION_PENDING',
    `The action ${action} of ${slot} is not decided yet, ${actionId}. Send this one again.`,
    {
      extensions: { actionId },
      retrySeconds: PENDING_RETRY_SECONDS,
    },
  )
