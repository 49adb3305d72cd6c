import {
  type Abi,
  type Account,
  type Address,
  BaseError,
  type Chain,
  type Client,
  type ContractFunctionName,
  ContractFunctionRevertedError,
  type Hash,
  type Transport,
} from 'viem'
import { getChainId, readContract, simulateContract, waitForTransactionReceipt, writeContract } from 'viem/actions'
import { agentStakingAbi } from '../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import { mockUsdcAbi } from '../../abis/MockUSDC.ts'
import type { MarketAddress } from './claimMessage.ts'
import { RevertError } from './errors.ts'

/** A viem client with an account, such as `createWalletClient` creates. */
export type Wallet = Client<Transport, Chain | undefined, Account>

/** A mined transaction. Read with `minBlock: blockNumber` to see what it did. */
export type Mined = { txHash: Hash; blockNumber: number }

const contractsAbi = [...bountyMarketAbi, ...agentStakingAbi, ...mockUsdcAbi] as const

/** A call may revert with an error of each of these contracts. */
const abi: Abi = contractsAbi

/** A function of the market that a transaction may call. */
export type MarketFunction = ContractFunctionName<typeof bountyMarketAbi, 'nonpayable'>

/** viem's default is four seconds on a chain that it does not know. */
const POLLING_INTERVAL_MS = 500

type Call = {
  address: Address
  functionName: ContractFunctionName<typeof contractsAbi, 'nonpayable'>
  args: readonly unknown[]
}

/**
 * Simulates the call, sends it with the wallet, and waits until it is mined.
 * @throws RevertError with the contract's reason if it would revert; viem's error if the node fails.
 */
async function send(wallet: Wallet, call: Call): Promise<Mined> {
  const simulated = simulateContract(wallet, { abi, account: wallet.account, ...call })
  const { request } = await simulated.catch((error: unknown) => {
    throw revertOf(call.functionName, error) ?? error
  })
  const hash = await writeContract(wallet, { ...request, chain: wallet.chain ?? null })
  const pollingInterval = Math.min(wallet.pollingInterval, POLLING_INTERVAL_MS)
  const receipt = await waitForTransactionReceipt(wallet, { hash, pollingInterval })
  const { status, transactionHash, blockNumber } = receipt
  if (status !== 'success') throw new Error(`${call.functionName} reverted in transaction ${transactionHash}.`)
  return { txHash: transactionHash, blockNumber: Number(blockNumber) }
}

/** The contract's refusal among the causes of viem's error. */
function revertOf(functionName: string, error: unknown): RevertError | undefined {
  if (!(error instanceof BaseError)) return undefined
  const revert = error.walk((cause) => cause instanceof ContractFunctionRevertedError)
  if (!(revert instanceof ContractFunctionRevertedError)) return undefined
  return new RevertError(functionName, revert.data?.errorName ?? revert.reason, revert.data?.args ?? [], error)
}

/** Calls the market. @throws if the wallet is on another chain, or the call would revert. */
export async function callMarket(
  wallet: Wallet,
  market: MarketAddress,
  functionName: MarketFunction,
  args: readonly unknown[],
): Promise<Mined> {
  await assertChain(wallet, market)
  return send(wallet, { address: market.address as Address, functionName, args })
}

/**
 * Stakes USDC of the wallet for the agent, after an approval of exactly that amount where the allowance is lower. The
 * addresses of staking and USDC come from the market, read on the wallet's chain.
 * @param amount USDC base units.
 */
export async function stake(wallet: Wallet, market: MarketAddress, agentId: bigint, amount: bigint): Promise<Mined> {
  await assertChain(wallet, market)
  const read = { abi: bountyMarketAbi, address: market.address as Address }
  const staking = await readContract(wallet, { ...read, functionName: 'STAKING' })
  const usdc = await readContract(wallet, { ...read, functionName: 'USDC' })
  const owner = wallet.account.address
  const allowance = { abi: mockUsdcAbi, address: usdc, functionName: 'allowance', args: [owner, staking] } as const
  if ((await readContract(wallet, allowance)) < amount) {
    await send(wallet, { address: usdc, functionName: 'approve', args: [staking, amount] })
  }
  return send(wallet, { address: staking, functionName: 'stake', args: [agentId, amount] })
}

async function assertChain(wallet: Wallet, { chainId }: MarketAddress) {
  const actual = await getChainId(wallet)
  if (actual !== chainId)
    throw new Error(`The wallet is on chain ${actual}, the market on ${chainId}. Switch the wallet.`)
}
