import { explainRunError, type RunError } from '../../market/actionErrors.ts'
import type { Failure } from '../chain/market.ts'
import { CONTRACT_WALLET_GAS } from '../chain/signatures.ts'
import { Refusal } from '../refusal.ts'
import type { ActionRequest, NamedAction } from './request.ts'

/** Most chains make a block within this time. */
const PENDING_RETRY_SECONDS = 2

/** The market's refusal. */
export function refusalOf(error: RunError): Refusal {
  const { code, sentence, extensions } = explainRunError(error)
  return new Refusal(code, sentence, { extensions })
}

/** Why a call reverted. */
export const refusalOfFailure = ({ error, data }: Failure): Refusal =>
  error ? refusalOf(error) : unexplained({ revertData: data ?? null })

export const unexplained = (extensions: Record<string, unknown>) =>
  new Refusal('ACTION_REVERTED', 'The action reverts on chain for a reason unknown to this API.', { extensions })

/** @param round the one that a signature must name now. @param isContract whether the party is a contract that refused it. */
export function invalidSignature({ message }: ActionRequest, round: bigint, isContract = false): Refusal {
  const { party, bountyId } = message
  const within = isContract ? ` within ${CONTRACT_WALLET_GAS} gas` : ''
  const detail = `The signature is not ${party}’s of this message about run ${bountyId} in round ${round}${within}.`
  return new Refusal('INVALID_SIGNATURE', detail, { extensions: { round: Number(round) } })
}

/** Another action of the same party about the run is not decided yet. */
export function actionPending({ actionId, request: { message } }: NamedAction): Refusal {
  const { action, party, bountyId } = message
  const detail = `The action ${action} of ${party} about run ${bountyId} is not decided yet, ${actionId}. Send this one again.`
  return new Refusal('ACTION_PENDING', detail, { extensions: { actionId }, retrySeconds: PENDING_RETRY_SECONDS })
}
