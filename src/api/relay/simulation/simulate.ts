import { stateName } from '../../market/contractErrors.ts'
import {
  type Bounty,
  type ClaimRequest,
  type Failure,
  type Market,
  type MarketCall,
  readBounty,
  tryCall,
  tryNext,
} from '../chain/market.ts'

/**
 * What a simulation says of a claim.
 * - `passes`: in the block that would hold it. `gas` is what it takes there.
 * - `fails`: whatever becomes of the transactions that are not mined yet.
 * - `undecided`: a transaction that is not mined yet, or the clock, decides. `failure` is the answer if no block comes.
 *
 * `bounty` is as the last block has it.
 */
export type Simulation =
  | { result: 'passes'; bounty: Bounty; gas: bigint }
  | { result: 'fails'; bounty: Bounty; failure: Failure }
  | { result: 'undecided'; bounty: Bounty; failure: Failure | undefined }

/**
 * Simulates the call that makes a claim, on the last block and in the next. The last alone would send claims that
 * another’s transaction has already lost; the next alone would refuse claims for a transaction that is never mined.
 */
export async function simulate(market: Market, call: MarketCall, { bountyId }: ClaimRequest): Promise<Simulation> {
  const [now, next, bounty] = await Promise.all([
    tryCall(market, call, 'latest'),
    tryNext(market, call),
    readBounty(market, bountyId),
  ])
  if ('passed' in next) {
    // A block came between the calls and the reading: the bounty may have a round more than what was simulated.
    if (stateName(bounty.state) !== 'OPEN') return { result: 'undecided', bounty, failure: undefined }
    if ('passed' in now || isCuredByTime(now.failure)) return { result: 'passes', bounty, gas: next.passed }
    return { result: 'undecided', bounty, failure: now.failure }
  }
  if ('passed' in now) {
    return { result: 'undecided', bounty, failure: isDoomedByTime(next.failure) ? next.failure : undefined }
  }
  const timeDecides = isCuredByTime(now.failure) || isDoomedByTime(next.failure)
  const failure = timeDecides ? next.failure : now.failure
  // The bounty was read at another block than the one that refused: the newer block decides.
  if (failure.error?.errorName === 'BountyNotOpen' && stateName(bounty.state) === 'OPEN') {
    return { result: 'undecided', bounty, failure }
  }
  return { result: 'fails', bounty, failure }
}

/** The contract checks the run before it checks the agent. */
export const isAboutRun = ({ error }: Failure) =>
  error?.errorName === 'BountyNotFound' ||
  error?.errorName === 'BountyNotOpen' ||
  error?.errorName === 'BountyDeadlinePassed'

/** The last block’s timestamp is too early for this signature. On a chain without traffic only a transaction cures it. */
const isCuredByTime = ({ error }: Failure) => error?.errorName === 'SignatureTooLong'

const isDoomedByTime = ({ error }: Failure) =>
  error?.errorName === 'BountyDeadlinePassed' || error?.errorName === 'SignatureExpired'
