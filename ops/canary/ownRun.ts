import {
  type Address,
  type Hash,
  type LocalAccount,
  maxUint256,
  type PublicClient,
  parseEther,
  parseEventLogs,
  walletActions,
  zeroAddress,
} from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { z } from 'zod'
import { agentRegistryAbi } from '../../abis/AgentRegistry.ts'
import { agentStakingAbi } from '../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import { mockUsdcAbi } from '../../abis/MockUSDC.ts'
import type { Deployment } from '../../core/deployment.ts'
import { MIN_STAKE, REWARD_PER_FEE } from '../../core/market/constants.ts'
import type { Api } from './api.ts'
import type { Pair } from './eligibility.ts'

/** What the run pays: one USDC. */
const REWARD = 1_000_000n
const LIFETIME_SECONDS = 86_400n
const TERMS = { workPeriod: 0, stakePercent: 0, evaluator: zeroAddress, claimant: zeroAddress }

/** For the gas of a few transactions. */
const GAS_WEI = parseEther('0.1')
const POLL_MS = 200

/** A run and an agent of the canary's own, and the agent's wallet. */
export type OwnRun = Pair & { wallet: LocalAccount }

/**
 * Posts a run, and registers an agent with stake, with two new wallets whose gas an unlocked account of the devnet's node
 * pays. Returns once the API shows the run.
 * @throws if the node has no such account, or a transaction reverts.
 */
export async function openOwnRun(chain: PublicClient, { contracts }: Deployment, api: Api): Promise<OwnRun> {
  const { USDC, AgentRegistry, AgentStaking, BountyMarket } = contracts
  const node = chain.extend(walletActions)
  const poster = privateKeyToAccount(generatePrivateKey())
  const wallet = privateKeyToAccount(generatePrivateKey())

  async function mined(sent: Promise<Hash>) {
    const hash = await sent
    const receipt = await chain.waitForTransactionReceipt({ hash, pollingInterval: POLL_MS })
    if (receipt.status !== 'success') throw new Error(`Transaction ${hash} of the canary reverted`)
    return receipt
  }

  async function fund(account: LocalAccount, spender: Address, amount: bigint) {
    const [rich] = await node.getAddresses()
    if (rich === undefined) throw new Error('The node has no unlocked account: only a devnet can have the signed claim')
    await mined(node.sendTransaction({ account: rich, chain: null, to: account.address, value: GAS_WEI }))
    const usdc = { account, chain: null, address: USDC, abi: mockUsdcAbi } as const
    await mined(node.writeContract({ ...usdc, functionName: 'mint', args: [account.address, amount] }))
    await mined(node.writeContract({ ...usdc, functionName: 'approve', args: [spender, maxUint256] }))
  }

  async function register() {
    const { logs } = await mined(
      node.writeContract({
        account: wallet,
        chain: null,
        address: AgentRegistry,
        abi: agentRegistryAbi,
        functionName: 'registerFor',
        args: [wallet.address, 'ipfs://canary'],
      }),
    )
    const [registered] = parseEventLogs({ abi: agentRegistryAbi, eventName: 'Registered', logs })
    if (!registered) throw new Error('The registry has emitted no Registered')
    return registered.args.agentId
  }

  async function stake(agentId: bigint) {
    await mined(
      node.writeContract({
        account: wallet,
        chain: null,
        address: AgentStaking,
        abi: agentStakingAbi,
        functionName: 'stake',
        args: [agentId, MIN_STAKE],
      }),
    )
  }

  async function post() {
    const { timestamp } = await chain.getBlock()
    const { logs, blockNumber } = await mined(
      node.writeContract({
        account: poster,
        chain: null,
        address: BountyMarket,
        abi: bountyMarketAbi,
        functionName: 'postBounty',
        args: ['ipfs://canary', REWARD, timestamp + LIFETIME_SECONDS, TERMS],
      }),
    )
    const [created] = parseEventLogs({ abi: bountyMarketAbi, eventName: 'BountyCreated', logs })
    if (!created) throw new Error('The market has emitted no BountyCreated')
    return { runId: created.args.bountyId, blockNumber }
  }

  await fund(wallet, AgentStaking, MIN_STAKE)
  const agentId = await register()
  await stake(agentId)
  await fund(poster, BountyMarket, REWARD + REWARD / REWARD_PER_FEE)
  const { runId, blockNumber } = await post()
  await api.get(`/api/runs/${runId}?minBlock=${blockNumber}`, z.object({}))
  return { runId, agentId, wallet }
}
