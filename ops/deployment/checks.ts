import { type Address, BaseError, ContractFunctionRevertedError, erc20Abi, type PublicClient } from 'viem'
import { agentRegistryAbi } from '../../abis/AgentRegistry.ts'
import type { Terms } from './plan.ts'

/** Names of the supported chains, by chain id. */
const chains: Record<number, string> = { 31337: 'devnet', 84532: 'Base Sepolia', 8453: 'Base' }

const ERC721_INTERFACE_ID = '0x80ac58cd'

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
  const refuse = (why: string, cause?: unknown) =>
    new Error(`USDC_ADDRESS ${address} is not an ERC-20 token with 6 decimals: ${why}`, { cause })
  const decimals = await client.readContract({ address, abi: erc20Abi, functionName: 'decimals' }).catch((cause) => {
    throw refuse('decimals() does not answer', cause)
  })
  if (decimals !== 6) throw refuse(`decimals() is ${decimals}`)
}

async function assertRegistry(client: PublicClient, address: Address) {
  const refuse = (why: string, cause?: unknown) =>
    new Error(`AGENT_REGISTRY_ADDRESS ${address} is not an ERC-8004 registry: ${why}`, { cause })
  const registry = { address, abi: agentRegistryAbi } as const
  const isErc721 = client.readContract({ ...registry, functionName: 'supportsInterface', args: [ERC721_INTERFACE_ID] })
  const answer = await isErc721.catch((cause) => {
    throw refuse('it does not say that it supports ERC-721', cause)
  })
  if (!answer) throw refuse('it does not say that it supports ERC-721')
  await client.readContract({ ...registry, functionName: 'getAgentWallet', args: [0n] }).catch((cause) => {
    // Agent 0 may not exist: a registry then reverts with a reason. A contract without the function reverts without one.
    const reverted = cause instanceof BaseError && cause.walk((error) => error instanceof ContractFunctionRevertedError)
    const reason = reverted instanceof ContractFunctionRevertedError ? reverted.raw : undefined
    if ((reason ?? '0x') === '0x') throw refuse('getAgentWallet(uint256) does not answer', cause)
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
