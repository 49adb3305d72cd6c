import type { Address } from 'viem'
import { createFairLane, type Requester } from '../../../../core/fairLane.ts'
import { rateLimited, unavailable } from '../refusal.ts'
import type { Intake } from './intake.ts'
import { isSignedByKey, type Word } from './signatures.ts'

/** How many calls of wallet contracts run at once, and how many requests of one client may wait for such a call. */
const CONTRACT_WALLET_LANE = {
  concurrency: 4,
  maxWaitingPerClient: 64,
  waiting: 'requests wait for their signatures to be checked',
  refuseFull: rateLimited,
  refuseGone: unavailable,
}

export type SignatureCheck = ReturnType<typeof createSignatureCheck>

/**
 * Creates a function that tells what accepts the signature: the wallet's key or its contract; undefined if nothing does. A key's
 * signature needs no call.
 */
export function createSignatureCheck({ isSignedByContract }: Pick<Intake, 'isSignedByContract'>) {
  const contractWallets = createFairLane(CONTRACT_WALLET_LANE)

  return async function checkSignature(
    word: Word,
    hasCode: (account: Address) => Promise<boolean>,
    requester: Requester,
  ): Promise<'key' | 'contract' | undefined> {
    if (isSignedByKey(word)) return 'key'
    if (!(await hasCode(word.wallet))) return undefined
    return (await contractWallets(requester, () => isSignedByContract(word))) ? 'contract' : undefined
  }
}
