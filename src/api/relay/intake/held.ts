import { encodeFunctionData, hashTypedData, isAddressEqual, parseAbi, recoverAddress } from 'viem'
import { claimTypedData } from '../../claimMessage.ts'
import { stateName } from '../../contractErrors.ts'
import { tryCall } from '../chain/calls.ts'
import { type Bounty, type ClaimRequest, type Market, termsOf } from '../chain/market.ts'

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
  return !signed || isSigned(market, request, signed, bounty)
}

const erc1271Abi = parseAbi(['function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)'])
const ERC1271_MAGIC = '0x1626ba7e'

/** As RunSignatures.sol has it: by the wallet's key, or else by the wallet's contract, which the market asks. */
async function isSigned(
  market: Market,
  { bountyId, agentId, wallet }: ClaimRequest,
  { deadline, signature }: NonNullable<ClaimRequest['signed']>,
  bounty: Bounty,
): Promise<boolean> {
  const claim = { bountyId, agentId, wallet, round: BigInt(bounty.round), ...termsOf(bounty) }
  const hash = hashTypedData(claimTypedData(market, claim, deadline))
  // Bytes that are no signature of a key at all recover to nobody.
  const signer = await recoverAddress({ hash, signature }).catch(() => undefined)
  if (signer && isAddressEqual(signer, wallet)) return true
  const data = encodeFunctionData({ abi: erc1271Abi, functionName: 'isValidSignature', args: [hash, signature] })
  const trial = await tryCall(market, { from: market.address, to: wallet, data }, 'latest')
  return 'passed' in trial && trial.passed.data?.startsWith(ERC1271_MAGIC) === true
}
