import { isAddressEqual, recoverTypedDataAddress } from 'viem'
import { claimTypedData } from '../claimMessage.ts'
import { stateName } from '../contractErrors.ts'
import type { Bounty, ClaimRequest, Market } from './market.ts'
import { answer } from './rpc.ts'

/** The states of a run whose claim is not over. */
const LIVE = new Set(['CLAIMED', 'IN_PROGRESS', 'SUBMITTED', 'REVISION_REQUESTED'])

/**
 * Whether the request is the claim by which the bounty is held: a client that lost the answer asks again. It has to be
 * the same claim, so a signature must be the wallet's of this round; that it has expired since does not matter.
 */
export async function isHeldBy(market: Market, request: ClaimRequest, bounty: Bounty): Promise<boolean> {
  const { agentId, wallet, signed } = request
  if (!LIVE.has(stateName(bounty.state) ?? '')) return false
  if (bounty.agentId !== agentId || !isAddressEqual(bounty.wallet, wallet)) return false
  return !signed || isSigned(market, request, signed, BigInt(bounty.round))
}

/** As the contract does: the wallet's key first, then the wallet's contract. */
async function isSigned(
  market: Market,
  { bountyId, agentId, wallet }: ClaimRequest,
  { deadline, signature }: NonNullable<ClaimRequest['signed']>,
  round: bigint,
): Promise<boolean> {
  const typedData = claimTypedData(market, { bountyId, agentId, wallet, round }, deadline)
  const signer = await recoverTypedDataAddress({ ...typedData, signature }).catch(() => undefined)
  if (signer && isAddressEqual(signer, wallet)) return true
  return answer(market.client.verifyTypedData({ ...typedData, address: wallet, signature }))
}
