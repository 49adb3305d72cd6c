import { type Address, parseEventLogs } from 'viem'
import { readContract } from 'viem/actions'
import { agentRegistryAbi } from '../../../abis/AgentRegistry.ts'
import { bountyMarketAbi } from '../../../abis/BountyMarket.ts'
import { mockUsdcAbi } from '../../../abis/MockUSDC.ts'
import { fullTerms, type PostTerms } from './accountAction.ts'
import type { MarketAddress } from './claimMessage.ts'
import { RevertError } from './errors.ts'
import type { CallOptions } from './request.ts'
import { bountyStates } from './runStates.ts'
import { assertChain, type MarketFunction, type Mined, minedIn, send, type Wallet } from './transactions.ts'

const BPS = 10_000n

/**
 * The actions of a wallet on a market, as transactions. The addresses of USDC, staking and registry are those that the market
 * has on the wallet's chain. USDC is approved for exactly what a call takes, where the allowance is lower. Each throws if the wallet
 * is on another chain, and RevertError if the call would revert.
 */
export function walletActions(wallet: Wallet, market: MarketAddress, options: CallOptions) {
  const address = market.address as Address
  const read = { abi: bountyMarketAbi, address } as const

  async function approve(spender: Address, amount: bigint) {
    const usdc = await readContract(wallet, { ...read, functionName: 'USDC' })
    const args = [wallet.account.address, spender] as const
    const allowance = await readContract(wallet, { abi: mockUsdcAbi, address: usdc, functionName: 'allowance', args })
    if (allowance >= amount) return
    await send(wallet, { address: usdc, functionName: 'approve', args: [spender, amount] }, options)
  }

  async function approveEscrow(reward: bigint) {
    const feeBps = await readContract(wallet, { ...read, functionName: 'FEE_BPS' })
    await approve(address, reward + (reward * feeBps) / BPS)
  }

  /** The market compares the revision of approvals only. Of a run that waits for its review, no other account changes it. */
  async function assertLastDelivery(functionName: MarketFunction, id: bigint, revision: number) {
    const { state, revisions } = await readContract(wallet, { ...read, functionName: 'getBounty', args: [id] })
    if (bountyStates[state] !== 'SUBMITTED' || revisions === revision) return
    throw new RevertError(functionName, 'WrongRevision', [id, revision, revisions], undefined)
  }

  /** @returns the new run, too. */
  async function createRun(
    functionName: 'postBounty' | 'createBounty',
    terms: PostTerms,
  ): Promise<Mined & { bountyId: bigint }> {
    const { ipfsHash, reward, deadline, ...others } = fullTerms(terms)
    const receipt = await send(wallet, { address, functionName, args: [ipfsHash, reward, deadline, others] }, options)
    const [created] = parseEventLogs({ abi: bountyMarketAbi, eventName: 'BountyCreated', logs: receipt.logs })
    if (!created) throw new Error(`The market ${address} emitted no event BountyCreated.`)
    return { ...minedIn(receipt), bountyId: created.args.bountyId }
  }

  return {
    /** Calls the market. @param revision of the delivery that a review is about. */
    async call(functionName: MarketFunction, args: readonly unknown[], revision?: number): Promise<Mined> {
      await assertChain(wallet, market)
      if (revision !== undefined) await assertLastDelivery(functionName, args[0] as bigint, revision)
      return minedIn(await send(wallet, { address, functionName, args }, options))
    },

    /** Posts a run, and escrows reward and fee. */
    async post(terms: PostTerms) {
      await assertChain(wallet, market)
      await approveEscrow(terms.reward)
      return createRun('postBounty', terms)
    },

    /** Creates a run that is a draft, without its escrow. */
    async create(terms: PostTerms) {
      await assertChain(wallet, market)
      return createRun('createBounty', terms)
    },

    /** Escrows reward and fee of a draft. The reward comes from the chain. */
    async fund(runId: bigint): Promise<Mined> {
      await assertChain(wallet, market)
      const { reward } = await readContract(wallet, { ...read, functionName: 'getBounty', args: [runId] })
      await approveEscrow(reward)
      return minedIn(await send(wallet, { address, functionName: 'fundBounty', args: [runId] }, options))
    },

    /** Registers an agent of the wallet. @returns the new agent, too. */
    async register(agentURI: string): Promise<Mined & { agentId: bigint }> {
      await assertChain(wallet, market)
      const registry = await readContract(wallet, { ...read, functionName: 'REGISTRY' })
      const receipt = await send(wallet, { address: registry, functionName: 'register', args: [agentURI] }, options)
      const [registered] = parseEventLogs({ abi: agentRegistryAbi, eventName: 'Registered', logs: receipt.logs })
      if (!registered) throw new Error(`The registry ${registry} emitted no event Registered.`)
      return { ...minedIn(receipt), agentId: registered.args.agentId }
    },

    /** Stakes USDC of the wallet for the agent, or pays stake to the agent's owner. @param amount USDC base units. */
    async changeStake(functionName: 'stake' | 'unstake', agentId: bigint, amount: bigint): Promise<Mined> {
      await assertChain(wallet, market)
      const staking = await readContract(wallet, { ...read, functionName: 'STAKING' })
      if (functionName === 'stake') await approve(staking, amount)
      return minedIn(await send(wallet, { address: staking, functionName, args: [agentId, amount] }, options))
    },
  }
}
