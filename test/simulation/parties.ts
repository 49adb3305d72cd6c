import { type Address, isAddressEqual, zeroAddress } from 'viem'
import type { PrivateKeyAccount } from 'viem/accounts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

/** States by their number in the contract's enum. */
export const OPEN = 2
export const REVISION_REQUESTED = 7
export const LIVE: readonly number[] = [3, 4, 5, 7]

const DRAWS = 5

/** Reads a random bounty from the chain, in one of the preferred states if a few draws find one. */
export async function pickBounty(world: World, random: Random, preferred: readonly number[] = []) {
  const count = Number(await world.node.readContract({ ...world.contracts.market, functionName: 'bountyCount' }))
  if (count === 0) return undefined
  for (let draw = 1; ; draw++) {
    // Prefers recent bounties, which are more likely to be live.
    const bountyId = BigInt(random.chance(0.7) ? random.int(Math.max(1, count - 15), count) : random.int(1, count))
    const bounty = await readBounty(world, bountyId)
    if (preferred.length === 0 || preferred.includes(bounty.state) || draw === DRAWS) return { bountyId, ...bounty }
  }
}

export type PickedBounty = NonNullable<Awaited<ReturnType<typeof pickBounty>>>

function readBounty({ node, contracts }: World, bountyId: bigint) {
  return node.readContract({ ...contracts.market, functionName: 'getBounty', args: [bountyId] })
}

/** A claimant to name: mostly a wallet, sometimes a poster, which stands for none yet. */
export const claimantOf = ({ everyone, posters }: World, random: Random): Address =>
  random.pick(random.chance(0.8) ? everyone : posters).address

/** The number of agents in the registry; ids start at 1. */
export async function agentCount(world: World): Promise<number> {
  const registered = await world.node.getContractEvents({
    ...world.contracts.registry,
    eventName: 'Registered',
    fromBlock: BigInt(world.deployment.startBlock),
  })
  return registered.length
}

/** The simulation's account with this address; undefined if the address is not one of ours. */
export function accountOf(world: World, address: Address): PrivateKeyAccount | undefined {
  return world.everyone.find((account) => isAddressEqual(account.address, address))
}

/** The agent's owner, and the wallet that acts for it: its own, or the owner where none is set. */
export async function agentParties(world: World, agentId: bigint) {
  const [owner, wallet] = await Promise.all([
    world.node.readContract({ ...world.contracts.registry, functionName: 'ownerOf', args: [agentId] }),
    world.node.readContract({ ...world.contracts.registry, functionName: 'getAgentWallet', args: [agentId] }),
  ])
  return { owner, wallet: isAddressEqual(wallet, zeroAddress) ? owner : wallet }
}
