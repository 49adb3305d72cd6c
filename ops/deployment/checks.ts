import {
  type Address,
  type BaseError,
  ContractFunctionRevertedError,
  encodeFunctionData,
  erc20Abi,
  isAddressEqual,
  type PublicClient,
  zeroHash,
} from 'viem'
import { agentRegistryAbi } from '../../abis/AgentRegistry.ts'
import { mockUsdcAbi } from '../../abis/MockUSDC.ts'
import { DEVNET } from '../../core/deployment.ts'
import { BURN } from '../../core/market/constants.ts'
import { lacksFunction } from '../../src/api/relay/kinds/accounts/contracts.ts'
import { chains } from './chains.ts'
import { CREATE2_DEPLOYER, type Terms } from './plan.ts'

/**
 * Checks what must hold before a market is deployed, because the contracts cannot be changed afterwards.
 * @throws naming the problem: the endpoint serves another chain, the terms are not allowed on the chain, or a given
 * address is not the contract that it should be.
 */
export async function assertUsable(client: PublicClient, chainId: number, terms: Terms): Promise<void> {
  const { USDC_ADDRESS, AGENT_REGISTRY_ADDRESS, relayers = [] } = terms
  const actual = await client.getChainId().catch((cause: unknown) => {
    throw new Error('RPC_URL does not answer', { cause })
  })
  if (actual !== chainId) throw new Error(`RPC_URL serves chain ${actual}, not chain ${chainId}`)
  if (!(await client.getCode({ address: CREATE2_DEPLOYER })))
    throw new Error(`Chain ${chainId} has no CREATE2 deployer at ${CREATE2_DEPLOYER}: send its known transaction first`)
  if (chainId !== DEVNET) {
    if (!USDC_ADDRESS) throw new Error(`USDC_ADDRESS is missing: a MockUSDC is for chain ${DEVNET}, not ${chainId}`)
    if (relayers.length > 0)
      throw new Error(`Relayers are for chain ${DEVNET}, not ${chainId}; RELAYER_PRIVATE_KEY names ${relayers}`)
  }
  for (const [variable, address] of Object.entries({ USDC_ADDRESS, AGENT_REGISTRY_ADDRESS })) {
    if (address && !(await client.getCode({ address })))
      throw new Error(`${variable} ${address} is not a contract on chain ${chainId}`)
  }
  if (USDC_ADDRESS) await assertUsdc(client, USDC_ADDRESS)
  if (AGENT_REGISTRY_ADDRESS) await assertRegistry(client, AGENT_REGISTRY_ADDRESS)
}

async function assertUsdc(client: PublicClient, address: Address) {
  const problem = `USDC_ADDRESS ${address} is not an ERC-20 token with 6 decimals: decimals()`
  const decimals = await client.readContract({ address, abi: erc20Abi, functionName: 'decimals' }).catch((cause) => {
    throw new Error(`${problem} does not answer`, { cause })
  })
  if (decimals !== 6) throw new Error(`${problem} is ${decimals}`)
}

/** What Circle's USDC has from version 2.2, and what fails for good without it. A bridged USDC lacks the second. */
const signedPayments = [
  [
    encodeFunctionData({ abi: mockUsdcAbi, functionName: 'version' }),
    'no version(): the relay makes no post, stake, withdrawal or registration',
  ],
  [
    encodeFunctionData({
      abi: mockUsdcAbi,
      functionName: 'receiveWithAuthorization',
      args: [BURN, BURN, 0n, 0n, 0n, zeroHash, '0x'],
    }),
    'no receiveWithAuthorization(…, bytes): no signature pays a post or a stake, so accounts need ether for both',
  ],
] as const

/**
 * Why the token is not Circle's USDC, or what it lacks; empty if it is and lacks nothing.
 * @throws if the node does not answer.
 */
export async function findTokenProblems(client: PublicClient, chainId: number, token: Address): Promise<string[]> {
  const { name, known } = chains[chainId] ?? {}
  const problems: string[] = []
  if (known && !isAddressEqual(token, known.USDC)) problems.push(`is not ${known.USDC}, Circle’s USDC on ${name}`)
  for (const [data, lack] of signedPayments) if (await lacksFunction(client, token, data)) problems.push(`has ${lack}`)
  return problems.map((problem) => `USDC_ADDRESS ${token} ${problem}`)
}

async function assertRegistry(client: PublicClient, address: Address) {
  const agentWallet = { address, abi: agentRegistryAbi, functionName: 'getAgentWallet', args: [0n] } as const
  // Agent 0 may not exist: a registry then reverts with a reason. A contract without the function reverts without one.
  const hasReason = (error: unknown) => error instanceof ContractFunctionRevertedError && (error.raw ?? '0x') !== '0x'
  await client.readContract(agentWallet).catch((cause: BaseError) => {
    if (cause.walk(hasReason)) return
    const problem = `AGENT_REGISTRY_ADDRESS ${address} is not an ERC-8004 registry`
    throw new Error(`${problem}: getAgentWallet(uint256) does not answer`, { cause })
  })
}

/**
 * The block in which a contract was created, from which its events are indexed.
 * @throws if the endpoint no longer has the state of an old block: the search needs an archive node.
 */
export async function creationBlock(client: PublicClient, address: Address): Promise<number> {
  let first = 0n
  let last = await client.getBlockNumber()
  while (first < last) {
    const blockNumber = (first + last) / 2n
    if (await client.getCode({ address, blockNumber })) last = blockNumber
    else first = blockNumber + 1n
  }
  return Number(last)
}
