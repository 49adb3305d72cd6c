import { formatUnits } from 'viem'
import type { AccountMessage } from '../../../../../core/market/accountActions.ts'
import { Refusal } from '../../refusal.ts'

export const invalidSignature = ({ action, party }: AccountMessage): Refusal =>
  new Refusal('INVALID_SIGNATURE', `The signature is not ${party}’s of this message of ${action}.`)

/** @param latest the latest deadline that the relay takes now, in seconds. */
export const signatureTooLong = ({ deadline }: AccountMessage, latest: bigint): Refusal =>
  new Refusal('SIGNATURE_EXPIRED', `The signature is valid until ${deadline}; ${latest} is the latest accepted now.`, {
    extensions: { deadline: String(deadline), latest: String(latest) },
  })

/** Why the relay posts no run with so small a reward; undefined if it does. Both in USDC base units. */
export function refusalOfPost(reward: bigint, least: bigint): Refusal | undefined {
  if (reward >= least) return undefined
  const [paid, required] = [reward, least].map((amount) => formatUnits(amount, 6))
  const detail = `The run pays ${paid} USDC, and runs are posted from ${required} USDC on. Send it with the wallet.`
  return new Refusal('REWARD_TOO_LOW', detail, { extensions: { reward: String(reward), required: String(least) } })
}
