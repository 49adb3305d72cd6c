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
  type TransactionReceipt,
  type Transport,
} from 'viem'
import {
  getBalance,
  getChainId,
  signTypedData,
  simulateContract,
  waitForTransactionReceipt,
  writeContract,
} from 'viem/actions'
import { agentRegistryAbi } from '../../../abis/AgentRegistry.ts'
import { agentStakingAbi } from '../../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../../abis/BountyMarket.ts'
import { mockUsdcAbi } from '../../../abis/MockUSDC.ts'
import type { ActionSigner } from './action.ts'
import type { MarketAddress } from './claimMessage.ts'
import { RevertError } from './errors.ts'
import type { CallOptions } from './request.ts'

/** A viem client with an account, such as `createWalletClient` creates. */
export type Wallet = Client<Transport, Chain | undefined, Account>

/** Whether the wallet has no ether, so that it can only sign. */
export const needsRelay = async (wallet: Wallet): Promise<boolean> =>
  (await getBalance(wallet, { address: wallet.account.address })) === 0n

/** Signs as the wallet does. */
export const signerOf = (wallet: Wallet): ActionSigner => ({
  address: wallet.account.address,
  signTypedData: (typedData) => signTypedData(wallet, { account: wallet.account, ...typedData }),
})

/** A mined transaction. Read with `minBlock: blockNumber` to see what it did. */
export type Mined = { txHash: Hash; blockNumber: number }

const contractsAbi = [...bountyMarketAbi, ...agentStakingAbi, ...agentRegistryAbi, ...mockUsdcAbi] as const

/** The union of all contracts' ABIs. They call each other, so a call may revert with an error of any of them. */
export const abi: Abi = contractsAbi

/** A function of the market that a transaction may call. */
export type MarketFunction = ContractFunctionName<typeof bountyMarketAbi, 'nonpayable'>

/** viem's default is four seconds on a chain that it does not know. */
const POLLING_INTERVAL_MS = 500

export type Call = {
  address: Address
  functionName: ContractFunctionName<typeof contractsAbi, 'nonpayable'>
  args: readonly unknown[]
}

/**
 * Simulates the call, sends it with the wallet, and waits until it is mined.
 * @param options `signal` stops what was not sent, and ends the wait for what was.
 * @throws RevertError with the contract's reason if it would revert; viem's error if the node fails.
 */
export async function send(wallet: Wallet, call: Call, { signal }: CallOptions): Promise<TransactionReceipt> {
  signal?.throwIfAborted()
  const simulated = simulateContract(wallet, { abi, account: wallet.account, ...call })
  const { request } = await simulated.catch((error: unknown) => {
    throw revertOf(call.functionName, error) ?? error
  })
  signal?.throwIfAborted()
  const pollingInterval = Math.min(wallet.pollingInterval, POLLING_INTERVAL_MS)
  // A wallet may ask its user, who may not answer.
  const mined = writeContract(wallet, { ...request, chain: wallet.chain ?? null }).then((hash) =>
    waitForTransactionReceipt(wallet, { hash, pollingInterval }),
  )
  const receipt = await unlessAborted(mined, signal)
  if (receipt.status !== 'success') {
    throw new Error(`${call.functionName} reverted in transaction ${receipt.transactionHash}.`)
  }
  return receipt
}

export const minedIn = ({ transactionHash, blockNumber }: TransactionReceipt): Mined => ({
  txHash: transactionHash,
  blockNumber: Number(blockNumber),
})

/** Resolves as the promise does. @throws the signal's reason if it aborts first. */
async function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (!signal) return promise
  let stop: () => void = () => undefined
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop)
  })
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', stop))
}

/** The contract's refusal among the causes of viem's error. */
function revertOf(functionName: string, error: unknown): RevertError | undefined {
  if (!(error instanceof BaseError)) return undefined
  const revert = error.walk((cause) => cause instanceof ContractFunctionRevertedError)
  if (!(revert instanceof ContractFunctionRevertedError)) return undefined
  return new RevertError(functionName, revert.data?.errorName ?? revert.reason, revert.data?.args ?? [], error)
}

/** @throws if the wallet is on another chain than the market. */
export async function assertChain(wallet: Wallet, { chainId }: MarketAddress) {
  const actual = await getChainId(wallet)
  if (actual !== chainId)
    throw new Error(`The wallet is on chain ${actual}, the market on ${chainId}. Switch the wallet.`)
}
