import type { Address } from 'viem'
import type { RunFacts } from '../../../core/market/runActionRules.ts'
import type { Run } from './run.ts'

/** The run as the market's rules see it. */
export function factsOf(run: Run): RunFacts {
  const { bountyId, state, posterAddress, evaluator, claimedByWallet, revisions, closing, claimant } = run
  return {
    bountyId: BigInt(bountyId),
    state,
    poster: posterAddress as Address,
    evaluator: evaluator as Address | null,
    claimedByWallet: claimedByWallet as Address | null,
    revisions: BigInt(revisions),
    submitBy: secondsOf(run.submitBy),
    reviewBy: secondsOf(run.reviewBy),
    closing,
    claimant: claimant as Address | null,
  }
}

const secondsOf = (time: string | null) => (time === null ? null : BigInt(Date.parse(time) / 1_000))
