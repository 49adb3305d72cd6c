import { isAddressEqual } from 'viem'
import { stateName } from '../../../../../core/market/contractErrors.ts'
import type { KnownRun, Market } from '../../chain/market.ts'
import type { Word } from '../../chain/signatures.ts'
import { type ClaimRequest, claimIdOf } from './market.ts'

/** The states of a run with a current claim. */
const LIVE = new Set(['CLAIMED', 'IN_PROGRESS', 'SUBMITTED', 'REVISION_REQUESTED'])

/** Whether the run is claimed by the agent and the wallet of the request. */
export const isHeldByClaimant = ({ agentId, wallet }: ClaimRequest, bounty: KnownRun): boolean =>
  LIVE.has(stateName(bounty.state) ?? '') && BigInt(bounty.agentId) === agentId && isAddressEqual(bounty.wallet, wallet)

/** The wallet's word for the claim of this round, with the bounty’s terms; undefined if the request has no signature. */
export function wordOf(market: Market, request: ClaimRequest, round: bigint, bounty: KnownRun): Word | undefined {
  const { wallet, signed } = request
  if (!signed) return undefined
  return { digest: claimIdOf(market, request, round, bounty), wallet, signature: signed.signature }
}
