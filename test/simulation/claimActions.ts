import type { Address } from 'viem'
import type { PrivateKeyAccount } from 'viem/accounts'
import { type Call, callOf } from '../../tools/devnet/call.ts'
import { accountOf, agentCount, agentParties, OPEN, pickBounty } from './parties.ts'
import type { Random } from './random.ts'
import { sign } from './sign.ts'
import type { World } from './world.ts'

/** A run, an agent and a wallet; the claim may be valid or not. */
export type Candidate = {
  bountyId: bigint
  agentId: bigint
  isAgent: boolean
  wallet: Address
  round: bigint
  /** The bounty's terms, which the claim's signature covers. */
  terms: { reward: bigint; stake: bigint; workPeriod: bigint; evaluator: Address }
}

/** Draws a candidate: mostly the agent's own wallet, sometimes another wallet, or an id that does not exist. */
export async function pickCandidate(world: World, random: Random): Promise<Candidate | undefined> {
  const bounty = await pickBounty(world, random, random.chance(0.8) ? [OPEN] : [])
  const agents = await agentCount(world)
  if (!bounty || agents === 0) return undefined
  const agentId = BigInt(random.int(1, agents))
  const { wallet } = await agentParties(world, agentId)
  const isAgent = random.chance(0.97)
  return {
    bountyId: random.chance(0.03) ? bounty.bountyId + 1_000n : bounty.bountyId,
    agentId: isAgent ? agentId : agentId + 1_000n,
    isAgent,
    wallet: random.chance(0.07) ? random.pick(world.everyone).address : wallet,
    round: BigInt(bounty.round) + 1n,
    terms: {
      reward: bounty.reward,
      stake: bounty.stake,
      workPeriod: BigInt(bounty.workPeriod),
      evaluator: bounty.evaluator,
    },
  }
}

/** The wallet's EIP-712 signature of a claim, valid for `validity` seconds of chain time. */
export function signClaim(world: World, signer: PrivateKeyAccount, candidate: Candidate, validity: bigint) {
  const { isAgent: _, terms, ...claim } = candidate
  return sign(world, signer, {
    primaryType: 'Claim',
    fields:
      'uint256 bountyId, uint256 agentId, address wallet, uint256 round, uint256 reward, uint256 stake, uint256 workPeriod, address evaluator',
    members: { ...claim, ...terms },
    validity,
  })
}

/** A claim by one of the contract's functions. Signatures of claims are sent through the API (claimants.ts). */
export async function proposeClaim(world: World, random: Random): Promise<Call | undefined> {
  const candidate = await pickCandidate(world, random)
  if (!candidate) return undefined
  const { bountyId, agentId, wallet } = candidate
  const { market } = world.contracts
  const signer = accountOf(world, wallet)
  const way = random.weighted({ claimBounty: 8, claimBountyFor: 2, claimBatch: 2 })
  switch (way) {
    case 'claimBounty':
      return callOf(signer ?? random.pick(world.everyone), market, way, [bountyId, agentId])
    case 'claimBountyFor':
      return callOf(random.chance(0.9) ? world.relayer : random.pick(world.everyone), market, way, [
        bountyId,
        agentId,
        wallet,
      ])
    case 'claimBatch':
      return batch(world, random, candidate)
  }
}

/** Several candidates in one transaction: each valid one claims, and each of the others is refused alone. */
async function batch(world: World, random: Random, first: Candidate): Promise<Call> {
  const candidates = [first]
  for (let more = random.int(0, 4); more > 0; more--) {
    const next = await pickCandidate(world, random)
    if (next) candidates.push(next)
  }
  const claims = candidates.map(({ bountyId, agentId, wallet }) => ({
    bountyId,
    agentId,
    wallet,
    deadline: 0n,
    signature: '0x' as const,
  }))
  return callOf(world.relayer, world.contracts.market, 'claimBatch', [claims])
}
