import { type Hash, keccak256, parseAbi, stringToBytes, type TransactionReceipt, zeroAddress } from 'viem'
import { deployArtifact } from '../../test/support/contracts.ts'
import type { Agent } from '../../test/support/participants.ts'
import { contentId } from '../devnet/contentId.ts'
import type { GasMarket } from './gasMarket.ts'

const bountiesAbi = parseAbi([
  'function issueBounty(address[] issuers, address[] approvers, string data, uint256 deadline, address token, uint256 amount)',
  'function fulfillBounty(uint256 bountyId, address[] fulfillers, string data)',
  'function acceptFulfillment(uint256 bountyId, uint256 fulfillmentId, uint256 approverId, uint256[] amounts)',
  'function numBounties() view returns (uint256)',
])

const jobsAbi = parseAbi([
  'function createJob(address provider, address evaluator, uint256 expiredAt, string description, address hook)',
  'function setProvider(uint256 jobId, address provider, bytes optParams)',
  'function setBudget(uint256 jobId, uint256 amount, bytes optParams)',
  'function fund(uint256 jobId, uint256 expectedBudget, bytes optParams)',
  'function submit(uint256 jobId, bytes32 deliverable, bytes optParams)',
  'function complete(uint256 jobId, bytes32 reason, bytes optParams)',
  'function jobCount() view returns (uint256)',
])

/** The calls of a peer's job from post to payment, by name. */
export type PeerLife = { peer: string; receipts: Map<string, TransactionReceipt> }

/**
 * Plays jobs in the escrows that a team could use instead (test/contracts/peers), with the same token, reward and texts.
 * The last of several jobs counts, while another one is open: so no balance rises from zero or falls to it.
 */
export async function playPeers(market: GasMarket, agent: Agent): Promise<PeerLife[]> {
  return [await playBounties(market, agent), await playJobs(market, agent)]
}

async function playBounties(market: GasMarket, agent: Agent): Promise<PeerLife> {
  const { client, poster, usdc, fund, termsOfRun } = market
  const [terms, reward, deadline] = await termsOfRun()
  const to = { address: await deployArtifact(market.rpcUrl, 'OpenBounties'), abi: bountiesAbi } as const
  await fund(poster, to.address, 100n * reward)
  const byPoster = { ...to, account: poster, chain: null }
  const byAgent = { ...to, account: agent.wallet.address, chain: null }
  const { receipts, keep } = recordOf(market)

  async function issue(): Promise<bigint> {
    const args = [[poster], [poster], terms, deadline, usdc, reward] as const
    await keep('issueBounty', client.writeContract({ ...byPoster, functionName: 'issueBounty', args }))
    return (await client.readContract({ ...to, functionName: 'numBounties' })) - 1n
  }

  async function live() {
    const id = await issue()
    const fulfilled = [id, [agent.wallet.address], contentId('deliverable')] as const
    await keep('fulfillBounty', client.writeContract({ ...byAgent, functionName: 'fulfillBounty', args: fulfilled }))
    const accepted = [id, 0n, 0n, [reward]] as const
    await keep(
      'acceptFulfillment',
      client.writeContract({ ...byPoster, functionName: 'acceptFulfillment', args: accepted }),
    )
  }

  await live()
  await issue()
  await live()
  return { peer: 'StandardBounties', receipts }
}

async function playJobs(market: GasMarket, agent: Agent): Promise<PeerLife> {
  const { client, poster, usdc, fund, termsOfRun } = market
  const [terms, reward, deadline] = await termsOfRun()
  const to = { address: await deployArtifact(market.rpcUrl, 'AgenticJobs', [usdc]), abi: jobsAbi } as const
  await fund(poster, to.address, 100n * reward)
  const byPoster = { ...to, account: poster, chain: null }
  const byAgent = { ...to, account: agent.wallet.address, chain: null }
  const { receipts, keep } = recordOf(market)

  async function funded(): Promise<bigint> {
    // The provider is unknown at first, as the agent of a run is.
    const args = [zeroAddress, poster, deadline, terms, zeroAddress] as const
    await keep('createJob', client.writeContract({ ...byPoster, functionName: 'createJob', args }))
    const id = await client.readContract({ ...to, functionName: 'jobCount' })
    const provider = [id, agent.wallet.address, '0x'] as const
    const budget = [id, reward, '0x'] as const
    await keep('setProvider', client.writeContract({ ...byPoster, functionName: 'setProvider', args: provider }))
    await keep('setBudget', client.writeContract({ ...byPoster, functionName: 'setBudget', args: budget }))
    await keep('fund', client.writeContract({ ...byPoster, functionName: 'fund', args: budget }))
    return id
  }

  async function live() {
    const id = await funded()
    const submitted = [id, keccak256(stringToBytes(contentId('deliverable'))), '0x'] as const
    await keep('submit', client.writeContract({ ...byAgent, functionName: 'submit', args: submitted }))
    const completed = [id, `0x${'00'.repeat(32)}`, '0x'] as const
    await keep('complete', client.writeContract({ ...byPoster, functionName: 'complete', args: completed }))
  }

  await live()
  await funded()
  await live()
  return { peer: 'ERC-8183', receipts }
}

/** Keeps the last receipt of each call, by its name. */
function recordOf({ mined }: GasMarket) {
  const receipts = new Map<string, TransactionReceipt>()
  const keep = async (name: string, sent: Promise<Hash>) => receipts.set(name, await mined(() => sent))
  return { receipts, keep }
}
