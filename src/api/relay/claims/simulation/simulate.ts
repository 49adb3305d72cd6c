import { stateName } from '../../../../../core/market/contractErrors.ts'
import type { Conditions } from '../../chain/conditions.ts'
import { type Bounty, type Failure, type Market, type MarketCall, readBounty } from '../../chain/market.ts'
import { tryNowAndNext, type Verdict, verdictOf } from '../../chain/simulation.ts'
import type { ClaimRequest } from '../chain/market.ts'

/** The result of a claim's simulation. `bounty` is that of the latest block. */
export type Simulation = Verdict & { bounty: Bounty }

/**
 * Simulates a claim on the latest block and in the pending block.
 * @param conditions of a claim that runs code of its wallet.
 */
export async function simulate(
  market: Market,
  call: MarketCall,
  { bountyId }: ClaimRequest,
  conditions?: Conditions,
): Promise<Simulation> {
  const [trials, bounty] = await Promise.all([tryNowAndNext(market, call, conditions), readBounty(market, bountyId)])
  const isOpen = stateName(bounty.state) === 'OPEN'
  // A block came between the simulation and the read of the bounty, so the bounty may be in a later round.
  if ('passed' in trials.next && !isOpen) return { result: 'undecided', bounty, failure: undefined }
  const verdict = verdictOf(trials)
  // The bounty was read at a later block than the one that refused the claim: the later block decides.
  if (verdict.result === 'fails' && verdict.failure.error?.errorName === 'BountyNotOpen' && isOpen) {
    return { result: 'undecided', bounty, failure: verdict.failure }
  }
  return { ...verdict, bounty }
}

/** The contract checks the run before the agent. */
export const isAboutRun = ({ error }: Failure) =>
  error?.errorName === 'BountyNotFound' ||
  error?.errorName === 'BountyNotOpen' ||
  error?.errorName === 'BountyDeadlinePassed'
