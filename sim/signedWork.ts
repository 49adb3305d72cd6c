import { parseAbiParameters } from 'viem'
import type { PrivateKeyAccount } from 'viem/accounts'
import { type Call, callOf } from '../devnet/call.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

/** How long a signature is valid, in seconds of chain time. */
const VALIDITY_SECONDS = 600n

type Run = { bountyId: bigint; round: number; revisions: number }

export const domainOf = (world: World) => ({
  name: 'BountyMarket',
  version: '1',
  chainId: world.deployment.chainId,
  verifyingContract: world.contracts.market.address,
})

/** `startWorkWithSig`: signed by the claiming wallet, sent by another party. */
export async function startBySignature(
  world: World,
  random: Random,
  wallet: PrivateKeyAccount,
  run: Run,
): Promise<Call> {
  const deadline = await deadlineOf(world)
  const signature = await wallet.signTypedData({
    domain: domainOf(world),
    types: { StartWork: parseAbiParameters('uint256 bountyId, address wallet, uint256 round, uint256 deadline') },
    primaryType: 'StartWork',
    message: { bountyId: run.bountyId, wallet: wallet.address, round: BigInt(run.round), deadline },
  })
  const args = [run.bountyId, deadline, signature] as const
  return callOf(random.pick(world.everyone), world.contracts.market, 'startWorkWithSig', args)
}

/** `submitWorkWithSig`: signed by the claiming wallet, sent by another party. */
export async function submitBySignature(
  world: World,
  random: Random,
  wallet: PrivateKeyAccount,
  run: Run,
  deliverableHash: string,
): Promise<Call> {
  const deadline = await deadlineOf(world)
  const { bountyId, round, revisions } = run
  const counts = { round: BigInt(round), revision: BigInt(revisions) }
  const signature = await wallet.signTypedData({
    domain: domainOf(world),
    types: {
      SubmitWork: parseAbiParameters(
        'uint256 bountyId, address wallet, uint256 round, uint256 revision, string deliverableHash, uint256 deadline',
      ),
    },
    primaryType: 'SubmitWork',
    message: { bountyId, wallet: wallet.address, ...counts, deliverableHash, deadline },
  })
  const args = [bountyId, deliverableHash, deadline, signature] as const
  return callOf(random.pick(world.everyone), world.contracts.market, 'submitWorkWithSig', args)
}

async function deadlineOf({ node }: World): Promise<bigint> {
  return (await node.getBlock()).timestamp + VALIDITY_SECONDS
}
