import { type Address, concatHex, encodeDeployData, getContractAddress, type Hex, keccak256 } from 'viem'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import type { Deployment } from '../../src/api/deployment.ts'
import { readArtifact } from './artifacts.ts'

/** What cannot be changed once the market is deployed. */
export type Terms = {
  /** USDC of this chain; may be absent on 31337 only, where a MockUSDC is deployed. */
  usdc?: Address | undefined
  /** An ERC-8004 identity registry; ours is deployed if absent. */
  registry?: Address | undefined
  /** Receives the fees of completed runs. The market has no setter for it. */
  treasury: Address
  /** May ban agents. */
  owner: Address
  /** May claim without a wallet's signature; 31337 only. */
  relayers?: readonly Address[] | undefined
}

type CreatedContract = 'MockUSDC' | 'AgentRegistry' | 'BountyMarket'

/** One transaction that creates a contract. Its nonce fixes the contract's address. */
export type Creation = {
  contract: CreatedContract
  nonce: number
  address: Address
  constructorArguments: Hex
  initCode: Hex
}

export type Plan = {
  creations: Creation[]
  contracts: Deployment['contracts']
  /** The terms by variable, and the hash of each contract's code: all inputs of the deployment. */
  fixed: Record<string, string>
}

/**
 * Plans the transactions that deploy the missing contracts, and their addresses. All is known before the first
 * transaction: an address follows from the sender and its nonce, and no constructor calls another contract.
 * @param firstNonce The nonce of the deployer's first transaction.
 */
export function planDeployment(deployer: Address, firstNonce: number, terms: Terms): Plan {
  const creations: Creation[] = []
  const fixed = variablesOf(terms)
  function create(contract: CreatedContract, constructorArguments: Hex = '0x'): Address {
    const nonce = firstNonce + creations.length
    const address = getContractAddress({ from: deployer, nonce: BigInt(nonce) })
    const bytecode = readArtifact(contract).bytecode.object
    const initCode = concatHex([bytecode, constructorArguments])
    fixed[`code of ${contract}`] = keccak256(bytecode)
    creations.push({ contract, nonce, address, constructorArguments, initCode })
    return address
  }

  const USDC = terms.usdc ?? create('MockUSDC')
  const AgentRegistry = terms.registry ?? create('AgentRegistry')
  const args = [USDC, AgentRegistry, terms.treasury, terms.owner, terms.relayers ?? []] as const
  const BountyMarket = create('BountyMarket', encodeDeployData({ abi: bountyMarketAbi, bytecode: '0x', args }))
  // The market creates its AgentStaking before any other contract; a contract's nonces start at 1 (EIP-161).
  const AgentStaking = getContractAddress({ from: BountyMarket, nonce: 1n })
  return { creations, contracts: { USDC, AgentRegistry, AgentStaking, BountyMarket }, fixed }
}

function variablesOf({ usdc, registry, treasury, owner, relayers = [] }: Terms): Record<string, string> {
  return {
    TREASURY: treasury,
    OWNER: owner,
    ...(usdc && { USDC_ADDRESS: usdc }),
    ...(registry && { AGENT_REGISTRY_ADDRESS: registry }),
    ...(relayers.length > 0 && { relayers: relayers.join(', ') }),
  }
}
