import { stateName } from '../../../market/contractErrors.ts'
import { type Conditions, tryCallUnder, tryNextUnder } from '../chain/conditions.ts'
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
 * The result of a claim's simulation.
 * - `passes`: it passes in the pending block, and uses `gas` there.
 * - `fails`: it fails whether or not the pending transactions are mined.
 * - `undecided`: a pending transaction or the clock decides it. `failure` is the answer if no block comes in time.
 *
 * `bounty` is that of the latest block.
 */
export type Simulation =
  | { result: 'passes'; bounty: Bounty; gas: bigint }
  | { result: 'fails'; bounty: Bounty; failure: Failure }
  | { result: 'undecided'; bounty: Bounty; failure: Failure | undefined }

/**
 * Simulates a claim on the latest block and in the pending block. The latest block alone would pass claims that lose
 * against a pending transaction. The pending block alone would refuse claims because of a transaction that is never
 * mined.
 * @param conditions of a claim that runs code of its wallet. The market alone reads no other field than the time.
 */
export async function simulate(
  market: Market,
  call: MarketCall,
  { bountyId }: ClaimRequest,
  conditions?: Conditions,
): Promise<Simulation> {
  const [now, next, bounty] = await Promise.all([
    conditions ? tryCallUnder(market, call, conditions) : tryCall(market, call, 'latest'),
    conditions ? tryNextUnder(market, call, conditions) : tryNext(market, call),
    readBounty(market, bountyId),
  ])
  if ('passed' in next) {
    // A block came between the simulation and the read of the bounty, so the bounty may be in a later round.
    if (stateName(bounty.state) !== 'OPEN') return { result: 'undecided', bounty, failure: undefined }
    if ('passed' in now || isCuredByTime(now.failure)) return { result: 'passes', bounty, gas: next.passed }
    return { result: 'undecided', bounty, failure: now.failure }
  }
  if ('passed' in now) {
    return { result: 'undecided', bounty, failure: isDoomedByTime(next.failure) ? next.failure : undefined }
  }
  const timeDecides = isCuredByTime(now.failure) || isDoomedByTime(next.failure)
  const failure = timeDecides ? next.failure : now.failure
  // The bounty was read at a later block than the one that refused the claim: the later block decides.
  if (failure.error?.errorName === 'BountyNotOpen' && stateName(bounty.state) === 'OPEN') {
    return { result: 'undecided', bounty, failure }
  }
  return { result: 'fails', bounty, failure }
}

/** The contract checks the run before the agent. */
export const isAboutRun = ({ error }: Failure) =>
  error?.errorName === 'BountyNotFound' ||
  error?.errorName === 'BountyNotOpen' ||
  error?.errorName === 'BountyDeadlinePassed'

/**
 * The latest block’s timestamp is too early for this signature. On an idle chain only a new transaction changes that.
 */
const isCuredByTime = ({ error }: Failure) => error?.errorName === 'SignatureTooLong'

const isDoomedByTime = ({ error }: Failure) =>
  error?.errorName === 'BountyDeadlinePassed' || error?.errorName === 'SignatureExpired'
