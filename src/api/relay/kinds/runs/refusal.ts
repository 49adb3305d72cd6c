import type { RunMessage } from '../../../../../core/market/runActions.ts'
import type { Failure } from '../../chain/market.ts'
import { CONTRACT_WALLET_GAS } from '../../chain/signatures.ts'
import { Refusal } from '../../refusal.ts'
import { refusalOf, unexplained } from '../refusal.ts'

/** Why a call reverted. */
export const refusalOfFailure = ({ error, data }: Failure): Refusal =>
  error ? refusalOf(error) : unexplained({ revertData: data ?? null })

/** @param round the one that a signature must name now. @param isContract whether the party is a contract that refused it. */
export function invalidSignature({ party, bountyId }: RunMessage, round: bigint, isContract = false): Refusal {
  const within = isContract ? ` within ${CONTRACT_WALLET_GAS} gas` : ''
  const detail = `The signature is not ${party}’s of this message about run ${bountyId} in round ${round}${within}.`
  return new Refusal('INVALID_SIGNATURE', detail, { extensions: { round: Number(round) } })
}
