import { BaseError, ContractFunctionRevertedError } from 'viem'
import { type Api, request, untilIndexed } from '../../simulation/api.ts'
import { type Candidate, pickCandidate, signClaim } from '../../simulation/claimActions.ts'
import { compare } from '../../simulation/differences.ts'
import { accountOf, LIVE } from '../../simulation/parties.ts'
import type { Random } from '../../simulation/random.ts'
import type { World } from '../../simulation/world.ts'

/** The API's code for each error of `checkClaim`. Not imported from the API, so that a wrong code there shows. */
const codes: Record<string, string> = {
  BountyNotFound: 'RUN_NOT_FOUND',
  BountyNotOpen: 'RUN_NOT_OPEN',
  BountyDeadlinePassed: 'RUN_DEADLINE_PASSED',
  NotClaimant: 'NOT_CLAIMANT',
  AgentNotFound: 'AGENT_NOT_FOUND',
  NotAgentWallet: 'WALLET_MISMATCH',
  AgentIsBanned: 'AGENT_BANNED',
  AgentIsFrozen: 'AGENT_FROZEN',
  InsufficientStake: 'INSUFFICIENT_STAKE',
  InsufficientUnlockedStake: 'INSUFFICIENT_UNLOCKED_STAKE',
}

/** The code for the error that `checkClaim` raises at a block; undefined if the contract would accept the claim. */
async function refusalCode(
  { node, contracts }: World,
  { bountyId, agentId, wallet }: Candidate,
  blockTag: 'latest' | 'pending',
) {
  try {
    const args = [bountyId, agentId, wallet] as const
    const abi = [...contracts.market.abi, ...contracts.staking.abi] as const
    const { address } = contracts.market
    await node.readContract({ address, abi, functionName: 'checkClaim', args, blockTag })
    return undefined
  } catch (error) {
    const revert = error instanceof BaseError && error.walk((cause) => cause instanceof ContractFunctionRevertedError)
    const name = revert instanceof ContractFunctionRevertedError ? revert.data?.errorName : undefined
    const code = name && codes[name]
    if (!code) throw error
    return code
  }
}

type Comparison = { candidate: Candidate; code: string | undefined; differences: string[] }

/**
 * Asks the API whether a random candidate may claim, then sends the claim, signed or not, and compares both answers
 * with `checkClaim` at the same block. Undefined where there is no run or no agent.
 */
export async function claimThroughApi(world: World, api: Api, random: Random): Promise<Comparison | undefined> {
  const candidate = await pickCandidate(world, random)
  if (!candidate) return undefined
  const code = await refusalCode(world, candidate, 'latest')
  // In the last second before its deadline a run is claimable at the latest block but not in the next one.
  if (code !== (await refusalCode(world, candidate, 'pending'))) return undefined
  const eligibility = await compareEligibility(world, api, candidate, code)
  const claim = await compareClaim(world, api, random, candidate, code)
  return { candidate, code, differences: [...eligibility, ...claim] }
}

async function compareEligibility(world: World, api: Api, candidate: Candidate, code: string | undefined) {
  const { bountyId, agentId, wallet } = candidate
  const head = await world.node.getBlockNumber({ cacheTime: 0 })
  await untilIndexed(api, head)
  const query = `agentId=${agentId}&walletAddress=${wallet}&minBlock=${head}`
  const { status, body } = await request(api, `/api/runs/${bountyId}/claim-eligibility?${query}`)
  const answered = status === 200 ? (body.reasonCodes as string[])[0] : body.code
  // Eligibility looks the agent up before it reads anything of the run but its existence.
  const expected = candidate.isAgent || code === 'RUN_NOT_FOUND' ? code : 'AGENT_NOT_FOUND'
  return compare(`eligibility of ${label(candidate)}`, { code: expected }, { code: answered })
}

async function compareClaim(world: World, api: Api, random: Random, candidate: Candidate, code: string | undefined) {
  const { bountyId, agentId, wallet } = candidate
  const signer = random.chance(0.5) ? accountOf(world, wallet) : undefined
  const signed = signer && (await signClaim(world, signer, candidate, 600n))
  const { status, body } = await request(api, `/api/runs/${bountyId}/claim`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      agentId: Number(agentId),
      walletAddress: wallet,
      ...(signed && { signature: signed.signature, deadline: Number(signed.deadline) }),
    }),
  })
  const held = await isHeld(world, candidate)
  // An unsigned claim that is repeated after its win gets the win again; a signature here always names the next round.
  const expected = code === 'RUN_NOT_OPEN' && held && !signed ? undefined : code
  const answered = status === 200 ? undefined : body.code
  // Nothing else happens while the API decides, but seconds pass: the deadline may pass in between.
  const isSince = !held && answered === (await refusalCode(world, candidate, 'pending'))
  const differences = isSince ? [] : compare(`claim of ${label(candidate)}`, { code: expected }, { code: answered })
  if (status === 200) differences.push(...compare(label(candidate), { isWon: true }, { isWon: held }))
  return differences
}

/** Whether the run is claimed by this candidate. */
async function isHeld({ node, contracts }: World, { bountyId, agentId, wallet }: Candidate) {
  const bounty = await node.readContract({ ...contracts.market, functionName: 'getBounty', args: [bountyId] })
  return LIVE.includes(bounty.state) && BigInt(bounty.agentId) === agentId && bounty.wallet === wallet
}

const label = ({ bountyId, agentId, wallet }: Candidate) => `run ${bountyId} by agent ${agentId} (${wallet})`
