import { toHex } from 'viem'
import { type Call, callOf } from '../../tools/devnet/call.ts'
import { accountOf, agentCount, agentParties } from './parties.ts'
import type { Random } from './random.ts'
import { sign } from './sign.ts'
import type { World } from './world.ts'

const stakes = [1n, 5_000_000n, 19_999_999n, 20_000_000n, 40_000_000n, 60_000_000n]

const weights = {
  register: 4,
  registerFor: 2,
  stake: 60,
  stakeFor: 10,
  unstake: 12,
  ban: 1,
  unban: 4,
  transferFrom: 4,
  setAgentURI: 3,
  setMetadata: 3,
  setAgentWallet: 8,
  unsetAgentWallet: 3,
}

/** A random call about an agent: identity, stake, wallet or ban. */
export async function proposeForAgent(world: World, random: Random): Promise<Call | undefined> {
  const { registry, staking } = world.contracts
  const agents = await agentCount(world)
  const action = agents < world.owners.length ? 'register' : random.weighted(weights)
  if (action === 'register') {
    return callOf(random.pick(world.owners), registry, action, [`ipfs://agent/${random.int(0, 1e9)}`])
  }
  if (action === 'registerFor') {
    const payer = random.pick(world.posters)
    const owner = random.pick(world.owners)
    return callOf(payer, registry, action, [owner.address, ''])
  }
  const agentId = BigInt(random.int(1, agents))
  const parties = await agentParties(world, agentId)
  const owner = accountOf(world, parties.owner) ?? random.pick(world.everyone)
  const actor = random.chance(0.94) ? owner : random.pick(world.everyone)
  switch (action) {
    case 'stake':
    case 'unstake':
      return callOf(accountOf(world, parties.wallet) ?? actor, staking, action, [agentId, random.pick(stakes)])
    case 'stakeFor': {
      const named = random.chance(0.9) ? parties.owner : random.pick(world.owners).address
      return callOf(random.pick(world.everyone), staking, action, [agentId, named, random.pick(stakes)])
    }
    case 'ban':
    case 'unban':
      return callOf(world.owner, staking, action, [agentId])
    case 'transferFrom':
      return callOf(actor, registry, action, [parties.owner, random.pick(world.owners).address, agentId])
    case 'setAgentURI':
      // A third of them is longer than the index stores.
      return callOf(actor, registry, action, [agentId, `https://agent.example/${'é'.repeat(random.int(1, 1_500))}`])
    case 'setMetadata':
      return callOf(actor, registry, action, [agentId, 'skills', toHex(`rust,${random.int(0, 99)}`)])
    case 'unsetAgentWallet':
      return callOf(actor, registry, action, [agentId])
    case 'setAgentWallet':
      return setWallet(world, random, agentId, owner)
  }
}

async function setWallet(world: World, random: Random, agentId: bigint, owner: Call['account']): Promise<Call> {
  const wallet = random.pick(world.wallets)
  const { registry } = world.contracts
  const { domain } = await world.node.getEip712Domain({ address: registry.address })
  const { name, version, chainId } = domain
  const { deadline, signature } = await sign(world, wallet, {
    primaryType: 'AgentWalletSet',
    fields: 'uint256 agentId, address newWallet, address owner',
    members: { agentId, newWallet: wallet.address, owner: owner.address },
    validity: 240n,
    domain: { name, version, chainId, verifyingContract: registry.address },
  })
  return callOf(owner, registry, 'setAgentWallet', [agentId, wallet.address, deadline, signature])
}
