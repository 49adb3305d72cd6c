import {
  type Address,
  concatHex,
  encodeDeployData,
  formatUnits,
  getContractAddress,
  getCreate2Address,
  type Hex,
  isAddressEqual,
  keccak256,
} from 'viem'
import { agentRegistrarAbi } from '../../abis/AgentRegistrar.ts'
import { agentStakingAbi } from '../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import { signedFundingAbi } from '../../abis/SignedFunding.ts'
import type { Build, Deployment } from '../../core/deployment.ts'
import { BURN } from '../../core/market/constants.ts'
import { readArtifact } from '../readArtifact.ts'

/** What cannot be changed once the market is deployed, by the names of the settings. */
export type Terms = {
  /** Receives the fees of completed runs. The market has no setter for it. */
  TREASURY: Address
  /** May ban agents. */
  OWNER: Address
  /** The largest reward of a run, in USDC base units. */
  MAX_REWARD: bigint
  /** May be absent on 31337 only, where a MockUSDC is deployed. */
  USDC_ADDRESS?: Address | undefined
  /** An ERC-8004 identity registry; ours is deployed if absent. */
  AGENT_REGISTRY_ADDRESS?: Address | undefined
  /** May claim without a wallet's signature; 31337 only. */
  relayers?: readonly Address[] | undefined
}

/**
 * Creates contracts by CREATE2: a contract's address follows from the salt and its creation code alone, not from the sender of the
 * transaction. It is at this address on every chain of the OP Stack and of Anvil. Its input is the salt, then the code.
 * https://github.com/Arachnid/deterministic-deployment-proxy
 */
export const CREATE2_DEPLOYER: Address = '0x4e59b44847b379578588920cA78FbF26c0B4956C'

/** The transaction that creates a contract. */
export type Creation = {
  contract: 'MockUSDC' | 'AgentRegistry' | 'BountyMarket' | 'SignedFunding' | 'AgentRegistrar'
  address: Address
  constructorArguments: Hex
  /** The input of the CREATE2 deployer. */
  data: Hex
  /** Undefined if the node can estimate it before the other contracts exist. */
  gasLimit: bigint | undefined
}

/** SignedFunding's constructor calls the market and USDC, so its gas cannot be estimated before these exist. */
const SIGNED_FUNDING_GAS = 1_500_000n

/**
 * Plans the transactions that deploy the missing contracts, and their addresses. All is known before the first
 * transaction: an address follows from the salt, the code and the constructor's arguments.
 * @param salt Distinguishes markets with the same terms.
 * @param needsRegistrar Whether the given registry registers its caller only.
 * @returns in `fixed`, all inputs of the deployment: the salt, the terms, and the hash of each contract's code; in `build`,
 * what the deployment file says of them.
 */
export function planDeployment(salt: Hex, terms: Terms, needsRegistrar = false) {
  const { TREASURY, OWNER, MAX_REWARD, USDC_ADDRESS, AGENT_REGISTRY_ADDRESS, relayers = [] } = terms
  const creations: Creation[] = []
  const fixed: Record<string, string> = { SALT: salt, TREASURY, OWNER, MAX_REWARD: formatUnits(MAX_REWARD, 6) }
  if (USDC_ADDRESS) fixed.USDC_ADDRESS = USDC_ADDRESS
  if (AGENT_REGISTRY_ADDRESS) fixed.AGENT_REGISTRY_ADDRESS = AGENT_REGISTRY_ADDRESS
  if (relayers.length > 0) fixed.relayers = relayers.join(', ')

  function create(contract: Creation['contract'], constructorArguments: Hex = '0x', gasLimit?: bigint): Address {
    const bytecode = readArtifact(contract).bytecode.object
    const initCode = concatHex([bytecode, constructorArguments])
    const address = create2Address(salt, initCode)
    fixed[`code of ${contract}`] = keccak256(bytecode)
    creations.push({ contract, address, constructorArguments, data: concatHex([salt, initCode]), gasLimit })
    return address
  }

  const USDC = USDC_ADDRESS ?? create('MockUSDC')
  const AgentRegistry = AGENT_REGISTRY_ADDRESS ?? create('AgentRegistry')
  const args = [USDC, AgentRegistry, TREASURY, OWNER, MAX_REWARD, relayers] as const
  const BountyMarket = create('BountyMarket', encodeDeployData({ abi: bountyMarketAbi, bytecode: '0x', args }))
  const AgentStaking = stakingAddress(BountyMarket)
  assertCanAct({ TREASURY, OWNER }, [USDC, AgentRegistry, AgentStaking, BountyMarket])
  const market = encodeDeployData({ abi: signedFundingAbi, bytecode: '0x', args: [BountyMarket] })
  const SignedFunding = create('SignedFunding', market, SIGNED_FUNDING_GAS)
  const contracts: Deployment['contracts'] = { USDC, AgentRegistry, AgentStaking, BountyMarket, SignedFunding }
  if (needsRegistrar) {
    const registry = encodeDeployData({ abi: agentRegistrarAbi, bytecode: '0x', args: [AgentRegistry] })
    contracts.AgentRegistrar = create('AgentRegistrar', registry)
  }
  const stakingArgs = [USDC, AgentRegistry, OWNER] as const
  const constructorArguments: Build['constructorArguments'] = {
    ...Object.fromEntries(creations.map((creation) => [creation.contract, creation.constructorArguments])),
    AgentStaking: encodeDeployData({ abi: agentStakingAbi, bytecode: '0x', args: stakingArgs }),
  }
  const build: Build = { salt, constructorArguments }
  return { creations, contracts, fixed, build }
}

/** The address of a contract that the CREATE2 deployer creates. */
export const create2Address = (salt: Hex, initCode: Hex): Address =>
  getCreate2Address({ from: CREATE2_DEPLOYER, salt, bytecode: initCode })

/** The market creates its AgentStaking before any other contract; a contract's nonces start at 1 (EIP-161). */
export const stakingAddress = (market: Address): Address => getContractAddress({ from: market, nonce: 1n })

/** @throws if an account is an address that cannot act for itself. The market's constructor refuses it too. */
function assertCanAct(accounts: Record<string, Address>, contracts: readonly Address[]) {
  for (const [name, account] of Object.entries(accounts)) {
    if (![BURN, ...contracts].some((address) => isAddressEqual(address, account))) continue
    throw new Error(
      `${name} ${account} must not be the market, its staking contract, USDC, the registry or the burn address`,
    )
  }
}
