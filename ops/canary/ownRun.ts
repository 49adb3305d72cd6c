import {
  type Address,
  encodeFunctionData,
  type Hash,
  type Hex,
  type LocalAccount,
  maxUint256,
  numberToHex,
  type PublicClient,
  parseEther,
  parseEventLogs,
  zeroAddress,
} from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { z } from 'zod'
import { agentRegistryAbi } from '../../abis/AgentRegistry.ts'
import { agentStakingAbi } from '../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import { mockUsdcAbi } from '../../abis/MockUSDC.ts'
import type { Deployment } from '../../core/deployment.ts'
import { MIN_STAKE } from '../../market/constants.ts'
import type { Api } from './api.ts'
import type { Pair } from './eligibility.ts'

/** What the run pays: one USDC, and the poster's fee besides. */
const REWARD = 1_000_000n
const COST = REWARD + REWARD / 20n
const LIFETIME_SECONDS = 86_400n
const TERMS = { workPeriod: 0, stakePercent: 0, evaluator: zeroAddress }

/** For the gas of a few transactions. */
const GAS_WEI = parseEther('0.1')
const POLL_MS = 200

/** A run and an agent of the canary's own, and the agent's wallet. */
export type OwnRun = Pair & { wallet: LocalAccount }

/**
 * Posts a run, and registers an agent with stake, with two new wallets whose gas an unlocked account of the devnet's node pays.
 * Returns once the API shows the run.
 * @throws if the node has no such account, or a transaction reverts.
 */
export async function openOwnRun(chain: PublicClient, { chainId, contracts }: Deployment, api: Api): Promise<OwnRun> {
  const { USDC, AgentRegistry, AgentStaking, BountyMarket } = contracts
  const poster = privateKeyToAccount(generatePrivateKey())
  const wallet = privateKeyToAccount(generatePrivateKey())

  async function mined(hash: Hash) {
    const receipt = await chain.waitForTransactionReceipt({ hash, pollingInterval: POLL_MS })
    if (receipt.status !== 'success') throw new Error(`Transaction ${hash} of the canary reverted`)
    return receipt
  }

  async function send(account: LocalAccount, to: Address, data: Hex) {
    const { address } = account
    const nonce = await chain.getTransactionCount({ address })
    const gas = await chain.estimateGas({ account: address, to, data })
    const fees = await chain.estimateFeesPerGas()
    const bytes = await account.signTransaction({ type: 'eip1559', chainId, nonce, to, data, gas, ...fees })
    return mined(await chain.sendRawTransaction({ serializedTransaction: bytes }))
  }

  async function fund(account: LocalAccount, spender: Address, amount: bigint) {
    const { address } = account
    await mined(await payGas(chain, address))
    await send(account, USDC, encodeFunctionData({ abi: mockUsdcAbi, functionName: 'mint', args: [address, amount] }))
    const approval = { abi: mockUsdcAbi, functionName: 'approve', args: [spender, maxUint256] } as const
    await send(account, USDC, encodeFunctionData(approval))
  }

  async function register() {
    const call = {
      abi: agentRegistryAbi,
      functionName: 'registerFor',
      args: [wallet.address, 'ipfs://canary'],
    } as const
    const { logs } = await send(wallet, AgentRegistry, encodeFunctionData(call))
    const [registered] = parseEventLogs({ abi: agentRegistryAbi, eventName: 'Registered', logs })
    if (!registered) throw new Error('The registry has emitted no Registered')
    return registered.args.agentId
  }

  async function post() {
    const { timestamp } = await chain.getBlock()
    const args = ['ipfs://canary', REWARD, timestamp + LIFETIME_SECONDS, TERMS] as const
    const data = encodeFunctionData({ abi: bountyMarketAbi, functionName: 'postBounty', args })
    const { logs, blockNumber } = await send(poster, BountyMarket, data)
    const [created] = parseEventLogs({ abi: bountyMarketAbi, eventName: 'BountyCreated', logs })
    if (!created) throw new Error('The market has emitted no BountyCreated')
    return { runId: created.args.bountyId, blockNumber }
  }

  await fund(wallet, AgentStaking, MIN_STAKE)
  const agentId = await register()
  const stake = { abi: agentStakingAbi, functionName: 'stake', args: [agentId, MIN_STAKE] } as const
  await send(wallet, AgentStaking, encodeFunctionData(stake))
  await fund(poster, BountyMarket, COST)
  const { runId, blockNumber } = await post()
  await api.get(`/api/runs/${runId}?minBlock=${blockNumber}`, z.object({}))
  return { runId, agentId, wallet }
}

/** Sends ether from an account that the node has unlocked. @throws if it has none. */
async function payGas({ request }: PublicClient, to: Address): Promise<Hash> {
  const call = request as (call: { method: string; params: unknown[] }) => Promise<unknown>
  const [from] = (await call({ method: 'eth_accounts', params: [] })) as Address[]
  if (from === undefined) throw new Error('The node has no unlocked account: only a devnet can have the signed claim')
  return (await call({ method: 'eth_sendTransaction', params: [{ from, to, value: numberToHex(GAS_WEI) }] })) as Hash
}
