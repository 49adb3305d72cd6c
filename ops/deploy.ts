import { readFileSync } from 'node:fs'
import {
  type Account,
  type Address,
  createPublicClient,
  createWalletClient,
  encodeDeployData,
  getAddress,
  type Hex,
  http,
  isHex,
  type PublicClient,
} from 'viem'
import { z } from 'zod'
import { agentRegistryAbi } from '../abis/AgentRegistry.ts'
import { bountyMarketAbi } from '../abis/BountyMarket.ts'
import { mockUsdcAbi } from '../abis/MockUSDC.ts'
import type { Deployment } from '../src/api/deployment.ts'
import { creationBlock } from './creationBlock.ts'

const devnetChainId = 31337

export type DeployOptions = {
  rpcUrl: string
  /** Asserted: the endpoint must be this chain's. */
  chainId: number
  /** Pays for the deployment and keeps no right over it. */
  account: Account
  /** Receives fees and forfeited stakes, for ever: the market has no setter. */
  treasury: Address
  /** May ban agents. */
  owner: Address
  /** USDC of this chain; may be absent on 31337 only, where a MockUSDC is deployed. */
  usdc?: Address | undefined
  /** An ERC-8004 identity registry; ours is deployed if absent. */
  registry?: Address | undefined
  /** May claim without a wallet's signature; 31337 only. */
  relayers?: readonly Address[]
  /** Called with a line for each contract. */
  onStep?: ((line: string) => void) | undefined
}

/**
 * Deploys what is not given: MockUSDC, AgentRegistry, BountyMarket (which creates its AgentStaking), from Forge's
 * artifacts, which must be up to date.
 * @returns where everything is.
 * @throws before anything is sent if the chain is not `chainId`, if USDC or relayers do not suit the chain, or if a
 * given address has no code.
 */
export async function deploy(options: DeployOptions): Promise<Deployment> {
  const { rpcUrl, chainId, account, treasury, owner, usdc, registry, relayers = [], onStep = () => {} } = options
  const transport = http(rpcUrl)
  const client = createPublicClient({ transport, pollingInterval: chainId === devnetChainId ? 50 : 2_000 })
  const wallet = createWalletClient({ account, transport })
  await assertUsable(client, options)

  async function create(name: string, data: Hex) {
    const hash = await wallet.sendTransaction({ data, chain: null })
    const { contractAddress, status, blockNumber } = await client.waitForTransactionReceipt({ hash })
    if (status !== 'success' || !contractAddress) throw new Error(`The deployment of ${name} reverted: ${hash}`)
    const address = getAddress(contractAddress)
    onStep(`${name} is at ${address}`)
    return { address, block: Number(blockNumber) }
  }

  const USDC =
    usdc ?? (await create('MockUSDC', encodeDeployData({ abi: mockUsdcAbi, bytecode: bytecodeOf('MockUSDC') }))).address
  const agentRegistry = registry
    ? { address: registry, block: await creationBlock(client, registry) }
    : await create('AgentRegistry', encodeDeployData({ abi: agentRegistryAbi, bytecode: bytecodeOf('AgentRegistry') }))
  const market = await create(
    'BountyMarket',
    encodeDeployData({
      abi: bountyMarketAbi,
      bytecode: bytecodeOf('BountyMarket'),
      args: [USDC, agentRegistry.address, treasury, owner, relayers],
    }),
  )
  const AgentStaking = await client.readContract({
    address: market.address,
    abi: bountyMarketAbi,
    functionName: 'STAKING',
  })
  onStep(`AgentStaking is at ${AgentStaking}`)

  return {
    chainId,
    startBlock: market.block,
    startBlocks: { AgentRegistry: agentRegistry.block },
    contracts: { USDC, AgentRegistry: agentRegistry.address, AgentStaking, BountyMarket: market.address },
  }
}

async function assertUsable(client: PublicClient, { chainId, usdc, registry, relayers = [] }: DeployOptions) {
  const actual = await client.getChainId().catch((cause: unknown) => {
    throw new Error('RPC_URL does not answer', { cause })
  })
  if (actual !== chainId) throw new Error(`RPC_URL serves chain ${actual}, not chain ${chainId}`)
  if (chainId !== devnetChainId) {
    if (!usdc) throw new Error(`USDC_ADDRESS is missing: a MockUSDC is for chain ${devnetChainId}, not ${chainId}`)
    if (relayers.length > 0) throw new Error(`Relayers are for chain ${devnetChainId}, not ${chainId}: ${relayers}`)
  }
  for (const [name, address] of Object.entries({ USDC_ADDRESS: usdc, AGENT_REGISTRY_ADDRESS: registry })) {
    if (address && !(await client.getCode({ address }))) {
      throw new Error(`${name} ${address} is not a contract on chain ${chainId}`)
    }
  }
}

const artifact = z.object({ bytecode: z.object({ object: z.custom<Hex>((value) => isHex(value)) }) })

function bytecodeOf(contract: string): Hex {
  const path = new URL(`../out/${contract}.sol/${contract}.json`, import.meta.url)
  return artifact.parse(JSON.parse(readFileSync(path, 'utf8'))).bytecode.object
}
