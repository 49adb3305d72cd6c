import type { Address, Hex } from 'viem'
import type { PrivateKeyAccount } from 'viem/accounts'
import { marketOf } from '../../core/deployment.ts'
import { type RunActionName, type RunMessage, runTypedData } from '../../core/market/runActions.ts'
import { type Call, callOf } from '../devnet/call.ts'
import { type PickedBounty, REVISION_REQUESTED } from './parties.ts'
import { sign } from './sign.ts'
import type { World } from './world.ts'

const SIGNATURE_SECONDS = 600n

/**
 * A move that `signer` signs. The contract refuses it if the signer is not the party of the move.
 * @param text where the delivery or the feedback is, for the moves that have one.
 */
export async function signedMove(
  world: World,
  signer: PrivateKeyAccount,
  action: RunActionName,
  { bountyId, state, round, revisions }: PickedBounty,
  text: string,
): Promise<{ message: RunMessage; signature: Hex }> {
  // An approval names the last delivery: in REVISION_REQUESTED, the contract has counted the request that followed it.
  const revision = action === 'approve' && state === REVISION_REQUESTED ? revisions - 1 : revisions
  const deadline = (await world.node.getBlock()).timestamp + SIGNATURE_SECONDS
  const party = signer.address
  const message = { action, bountyId, party, round: BigInt(round), revision: BigInt(revision), text, deadline }
  const signature = await signer.signTypedData(runTypedData(marketOf(world.deployment), message) as never)
  return { message, signature }
}

/** Names the only wallet that may claim the run, with the signature of `signer`. */
export async function signedNaming(
  world: World,
  sender: PrivateKeyAccount,
  signer: PrivateKeyAccount,
  { bountyId, namings }: PickedBounty,
  claimant: Address,
): Promise<Call> {
  const { deadline, signature } = await sign(world, signer, {
    primaryType: 'NameClaimant',
    fields: 'uint256 bountyId, address poster, uint256 naming, address claimant',
    members: { bountyId, poster: signer.address, naming: namings, claimant },
    validity: SIGNATURE_SECONDS,
  })
  const args = [bountyId, claimant, BigInt(namings), deadline, signature] as const
  return callOf(sender, world.contracts.market, 'nameClaimantWithSig', args)
}
