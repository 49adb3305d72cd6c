import { Problem } from '../../errors.ts'
import type { ClaimOutcome } from '../relay.ts'
import type { StoredClaim } from '../store/claims.ts'

/** What a request for the claim is answered now. @throws Problem with the reason where it was refused. */
export function outcomeOf({ claimId, round, state, tx, txHash, blockNumber, problem }: StoredClaim): ClaimOutcome {
  if (state === 'refused') {
    if (!problem) throw new Error(`Claim ${claimId} is refused without a reason`)
    const { code, detail, extensions, headers } = problem
    throw new Problem(code, detail, { extensions, headers })
  }
  if (state === 'open') {
    return { claimId, round, status: tx.state === 'accepted' ? 'accepted' : 'signed', txHash: tx.hash }
  }
  if (blockNumber === undefined) throw new Error(`Claim ${claimId} is won in no block`)
  return { claimId, round, status: 'won', blockNumber, ...(txHash && { txHash }) }
}
