import { stateName } from '../../contractErrors.ts'
import { type Failure, tryCall, tryNext } from '../chain/calls.ts'
import { type Bounty, type ClaimRequest, type Market, type MarketCall, readBounty } from '../chain/market.ts'

/**
 * What to do with a claim.
 * - `send`: it passes in the block that would hold it. `gas` is what it takes there.
 * - `refuse`: it fails, whatever becomes of the transactions that are not mined yet. `isOfRun`: so does everyone's.
 * - `wait`: a transaction that is not mined yet, or the clock, decides. `failure` is the answer if no block comes.
 *
 * `bounty` is as the last block has it.
 */
export type Verdict =
  | { verdict: 'send'; bounty: Bounty; gas: bigint }
  | { verdict: 'refuse'; bounty: Bounty; failure: Failure; isOfRun: boolean }
  | { verdict: 'wait'; bounty: Bounty; failure: Failure | undefined }

/**
 * Judges a claim by the call that would make it, on the last block and in the next. The last alone would send claims
 * that another's transaction has already lost; the next alone would refuse claims for a transaction never mined.
 */
export async function judge(market: Market, call: MarketCall, { bountyId }: ClaimRequest): Promise<Verdict> {
  const [now, next, bounty] = await Promise.all([
    tryCall(market, call, 'latest'),
    tryNext(market, call),
    readBounty(market, bountyId),
  ])
  if ('passed' in next) {
    // A block came between the trials and the reading: the bounty may have a round more than what was tried.
    if (stateName(bounty.state) !== 'OPEN') return { verdict: 'wait', bounty, failure: undefined }
    if ('passed' in now || isCuredByTime(now.failure)) return { verdict: 'send', bounty, gas: next.passed }
    return { verdict: 'wait', bounty, failure: now.failure }
  }
  if ('passed' in now) {
    return { verdict: 'wait', bounty, failure: isDoomedByTime(next.failure) ? next.failure : undefined }
  }
  const timeDecides = isCuredByTime(now.failure) || isDoomedByTime(next.failure)
  const failure = timeDecides ? next.failure : now.failure
  // The bounty was read at another block than the one that refused: let the newer have its say.
  if (failure.error?.errorName === 'BountyNotOpen' && stateName(bounty.state) === 'OPEN') {
    return { verdict: 'wait', bounty, failure }
  }
  return { verdict: 'refuse', bounty, failure, isOfRun: isAboutRun(now.failure) && isAboutRun(next.failure) }
}

/** The contract looks at the run before it looks at who claims it. */
export const isAboutRun = ({ error }: Failure) =>
  error?.errorName === 'BountyNotFound' ||
  error?.errorName === 'BountyNotOpen' ||
  error?.errorName === 'BountyDeadlinePassed'

/** The last block's timestamp is too early for this signature. On a chain without traffic only a transaction cures it. */
const isCuredByTime = ({ error }: Failure) => error?.errorName === 'SignatureTooLong'

const isDoomedByTime = ({ error }: Failure) =>
  error?.errorName === 'BountyDeadlinePassed' || error?.errorName === 'SignatureExpired'
