import type { Address } from 'viem'
import { createFairLane, type Requester } from '../../../../core/fairLane.ts'
import type { Intake } from '../chain/intake.ts'
import { isSignedByKey } from '../chain/signatures.ts'
import { rateLimited, unavailable } from '../refusal.ts'
import type { NamedAction } from './request.ts'

/** How many calls of wallet contracts run at once, and how many actions of one client may wait for such a call. */
const CONTRACT_WALLET_LANE = {
  concurrency: 4,
  maxWaitingPerClient: 64,
  waiting: 'actions wait for their signatures to be checked',
  refuseFull: rateLimited,
  refuseGone: unavailable,
}

export type SignatureCheck = ReturnType<typeof createSignatureCheck>

/**
 * Creates a function that tells what accepts the signature of an action's message: the party's key or its contract;
 * undefined if nothing does. A key's signature needs no call.
 */
export function createSignatureCheck({ isSignedByContract }: Pick<Intake, 'isSignedByContract'>) {
  const contractWallets = createFairLane(CONTRACT_WALLET_LANE)

  return async function checkSignature(
    { actionId: digest, request }: NamedAction,
    hasCode: (account: Address) => Promise<boolean>,
    requester: Requester,
  ): Promise<'key' | 'contract' | undefined> {
    const { message, signature } = request
    const word = { digest, wallet: message.party, signature }
    if (isSignedByKey(word)) return 'key'
    if (!(await hasCode(message.party))) return undefined
    return (await contractWallets(requester, () => isSignedByContract(word))) ? 'contract' : undefined
  }
}
