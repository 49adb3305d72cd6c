import {
  type Abi,
  type Address,
  BaseError,
  ContractFunctionRevertedError,
  erc20Abi,
  HttpRequestError,
  type PublicClient,
  parseAbi,
  TimeoutError,
  zeroAddress,
} from 'viem'
import { agentRegistryAbi } from '../../abis/AgentRegistry.ts'
import { chainName, isDevnet } from './chains.ts'
import type { Terms } from './plan.ts'

const erc165Abi = parseAbi(['function supportsInterface(bytes4 interfaceId) view returns (bool)'])
const erc721InterfaceId = '0x80ac58cd'

/**
 * Checks what must hold before a market is deployed, because the contracts cannot be changed afterwards.
 * @throws naming the problem: the endpoint serves another chain, the terms are not allowed on the chain, or a given
 * address is not the contract that it should be.
 */
export async function assertUsable(client: PublicClient, chainId: number, terms: Terms): Promise<void> {
  const name = chainName(chainId)
  const actual = await client.getChainId().catch((cause: unknown) => {
    throw new Error('RPC_URL does not answer', { cause })
  })
  if (actual !== chainId) throw new Error(`RPC_URL serves chain ${actual}, not chain ${chainId} (${name})`)
  for (const role of ['treasury', 'owner'] as const) {
    if (terms[role] === zeroAddress) throw new Error(`The ${role} must not be the zero address`)
  }
  if (!isDevnet(chainId)) assertAllowedOnPublicChain(chainId, terms)
  if (terms.usdc) await assertUsdc(client, chainId, terms.usdc)
  if (terms.registry) await assertRegistry(client, chainId, terms.registry)
}

function assertAllowedOnPublicChain(chainId: number, { usdc, relayers = [] }: Terms) {
  if (!usdc) throw new Error(`USDC_ADDRESS is missing: a MockUSDC is for chain 31337, not ${chainId}`)
  if (relayers.length > 0) {
    throw new Error(`Relayers are for chain 31337, not ${chainId}; RELAYER_PRIVATE_KEY names ${relayers}`)
  }
}

async function assertUsdc(client: PublicClient, chainId: number, address: Address) {
  await assertContract(client, chainId, 'USDC_ADDRESS', address)
  const refuse = (why: string) => new Error(`USDC_ADDRESS ${address} is not an ERC-20 token with 6 decimals: ${why}`)
  const decimals = await ask(client, { address, abi: erc20Abi, functionName: 'decimals' })
  if ('refusal' in decimals) throw refuse('decimals() does not answer')
  if (decimals.answer !== 6) throw refuse(`decimals() is ${decimals.answer}`)
  const balance = await ask(client, { address, abi: erc20Abi, functionName: 'balanceOf', args: [address] })
  if ('refusal' in balance) throw refuse('balanceOf(address) does not answer')
}

async function assertRegistry(client: PublicClient, chainId: number, address: Address) {
  await assertContract(client, chainId, 'AGENT_REGISTRY_ADDRESS', address)
  const refuse = (why: string) => new Error(`AGENT_REGISTRY_ADDRESS ${address} is not an ERC-8004 registry: ${why}`)
  const functionName = 'supportsInterface'
  const isErc721 = await ask(client, { address, abi: erc165Abi, functionName, args: [erc721InterfaceId] })
  if (!('answer' in isErc721) || isErc721.answer !== true) throw refuse('it does not say that it supports ERC-721')
  const wallet = await ask(client, { address, abi: agentRegistryAbi, functionName: 'getAgentWallet', args: [0n] })
  // Agent 0 may not exist: a registry then reverts with a reason. A contract without the function reverts without one.
  if ('refusal' in wallet && !hasReason(wallet.refusal)) throw refuse('getAgentWallet(uint256) does not answer')
}

async function assertContract(client: PublicClient, chainId: number, variable: string, address: Address) {
  if (!(await client.getCode({ address }))) {
    throw new Error(`${variable} ${address} is not a contract on chain ${chainId} (${chainName(chainId)})`)
  }
}

type Question = { address: Address; abi: Abi; functionName: string; args?: readonly unknown[] }

/** A contract's answer, or how it failed to give one. @throws if the endpoint failed instead. */
async function ask(client: PublicClient, question: Question): Promise<{ answer: unknown } | { refusal: BaseError }> {
  try {
    return { answer: await client.readContract(question) }
  } catch (error) {
    const refusal = error instanceof BaseError && !error.walk(isEndpointFailure)
    if (!refusal) throw error
    return { refusal: error }
  }
}

const isEndpointFailure = (error: unknown) => error instanceof HttpRequestError || error instanceof TimeoutError

function hasReason(refusal: BaseError): boolean {
  const reverted = refusal.walk((error) => error instanceof ContractFunctionRevertedError)
  return reverted instanceof ContractFunctionRevertedError && (reverted.raw ?? '0x') !== '0x'
}
