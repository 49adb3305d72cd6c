import type { Address, Hex } from 'viem'
import type { PrivateKeyAccount } from 'viem/accounts'
import { marketOf } from '../../core/deployment.ts'
import { type RunActionName, type RunMessage, runTypedData } from '../../core/market/runActions.ts'
import { type PickedBounty, REVISION_REQUESTED } from './parties.ts'
import type { World } from './world.ts'

const SIGNATURE_SECONDS = 600n

/**
 * A move that `signer` signs. The contract refuses it if the signer is not the party of the move.
 * @param text where the delivery or the feedback is, for the moves that have one.
 * @param claimant the only wallet that may claim, for the move that names one.
 */
export async function signedMove(
  world: World,
  signer: PrivateKeyAccount,
  action: RunActionName,
  { bountyId, state, round, revisions, namings }: PickedBounty,
  text: string,
  claimant: Address,
): Promise<{ message: RunMessage; signature: Hex }> {
  // An approval names the last delivery: in REVISION_REQUESTED, the contract has counted the request that followed it.
  const revision = action === 'approve' && state === REVISION_REQUESTED ? revisions - 1 : revisions
  const deadline = (await world.node.getBlock()).timestamp + SIGNATURE_SECONDS
  const party = signer.address
  const numbers = { round: BigInt(round), revision: BigInt(revision), naming: BigInt(namings) }
  const message = { action, bountyId, party, ...numbers, text, claimant, deadline }
  const signature = await signer.signTypedData(runTypedData(marketOf(world.deployment), message) as never)
  return { message, signature }
}
