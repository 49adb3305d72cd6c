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
} from 'viem'
import { agentRegistryAbi } from '../../abis/AgentRegistry.ts'
import type { Terms } from './plan.ts'

/** Names of the supported chains, by chain id. */
const chains: Record<number, string> = { 31337: 'devnet', 84532: 'Base Sepolia', 8453: 'Base' }

const erc165Abi = parseAbi(['function supportsInterface(bytes4 interfaceId) view returns (bool)'])
const erc721InterfaceId = '0x80ac58cd'

/** The chain's name. @throws if the chain is not supported. */
export function chainName(chainId: number): string {
  const name = chains[chainId]
  if (name) return name
  const supported = Object.entries(chains).map(([id, known]) => `${id} (${known})`)
  throw new Error(`Chain ${chainId} is not supported; supported are: ${supported.join(', ')}`)
}

/** Whether the chain is a throw-away one on one machine, without anything of value. */
export const isDevnet = (chainId: number) => chainId === 31337

/**
 * Checks what must hold before a market is deployed, because the contracts cannot be changed afterwards.
 * @throws naming the problem: the endpoint serves another chain, the terms are not allowed on the chain, or a given
 * address is not the contract that it should be.
 */
export async function assertUsable(client: PublicClient, chainId: number, terms: Terms): Promise<void> {
  const { usdc, registry, relayers = [] } = terms
  const name = chainName(chainId)
  const actual = await client.getChainId().catch((cause: unknown) => {
    throw new Error('RPC_URL does not answer', { cause })
  })
  if (actual !== chainId) throw new Error(`RPC_URL serves chain ${actual}, not chain ${chainId} (${name})`)
  if (!isDevnet(chainId)) {
    if (!usdc) throw new Error(`USDC_ADDRESS is missing: a MockUSDC is for chain 31337, not ${chainId}`)
    if (relayers.length > 0)
      throw new Error(`Relayers are for chain 31337, not ${chainId}; RELAYER_PRIVATE_KEY names ${relayers}`)
  }
  for (const [variable, address] of Object.entries({ USDC_ADDRESS: usdc, AGENT_REGISTRY_ADDRESS: registry })) {
    if (address && !(await client.getCode({ address })))
      throw new Error(`${variable} ${address} is not a contract on chain ${chainId} (${name})`)
  }
  if (usdc) await assertUsdc(client, usdc)
  if (registry) await assertRegistry(client, registry)
}

async function assertUsdc(client: PublicClient, address: Address) {
  const decimals = await ask(client, { address, abi: erc20Abi, functionName: 'decimals' })
  if (decimals === 6) return
  const why = decimals instanceof BaseError ? 'decimals() does not answer' : `decimals() is ${decimals}`
  throw new Error(`USDC_ADDRESS ${address} is not an ERC-20 token with 6 decimals: ${why}`)
}

async function assertRegistry(client: PublicClient, address: Address) {
  const refuse = (why: string) => new Error(`AGENT_REGISTRY_ADDRESS ${address} is not an ERC-8004 registry: ${why}`)
  const functionName = 'supportsInterface'
  const isErc721 = await ask(client, { address, abi: erc165Abi, functionName, args: [erc721InterfaceId] })
  if (isErc721 !== true) throw refuse('it does not say that it supports ERC-721')
  const wallet = await ask(client, { address, abi: agentRegistryAbi, functionName: 'getAgentWallet', args: [0n] })
  // Agent 0 may not exist: a registry then reverts with a reason. A contract without the function reverts without one.
  if (wallet instanceof BaseError && !hasReason(wallet)) throw refuse('getAgentWallet(uint256) does not answer')
}

type Question = { address: Address; abi: Abi; functionName: string; args?: readonly unknown[] }

/** A contract's answer, or its refusal. @throws if the endpoint failed. */
async function ask(client: PublicClient, question: Question): Promise<unknown> {
  try {
    return await client.readContract(question)
  } catch (error) {
    const isOfEndpoint = (cause: unknown) => cause instanceof HttpRequestError || cause instanceof TimeoutError
    if (error instanceof BaseError && !error.walk(isOfEndpoint)) return error
    throw error
  }
}

function hasReason(refusal: BaseError): boolean {
  const reverted = refusal.walk((error) => error instanceof ContractFunctionRevertedError)
  return reverted instanceof ContractFunctionRevertedError && (reverted.raw ?? '0x') !== '0x'
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
