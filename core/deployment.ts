import { readFileSync } from 'node:fs'
import { type Address, getAddress, isAddress } from 'viem'
import { z } from 'zod'

const address = z
  .string()
  .refine((value) => isAddress(value, { strict: false }), 'is not an address')
  .transform((value) => getAddress(value))

const block = z.int().nonnegative()

const hex = z.templateLiteral(['0x', z.hex()])

const contracts = z.object({
  USDC: address,
  AgentRegistry: address,
  AgentStaking: address,
  BountyMarket: address,
  SignedFunding: address,
  /** Absent where the registry has `registerFor`, as ours has. */
  AgentRegistrar: address.optional(),
})

const buildSchema = z.object({
  salt: hex,
  /** ABI-encoded, by the name of the contract's source. The market created AgentStaking, the CREATE2 deployer all others. */
  constructorArguments: z.partialRecord(
    z.enum(['MockUSDC', 'AgentRegistry', 'BountyMarket', 'AgentStaking', 'SignedFunding', 'AgentRegistrar']),
    hex,
  ),
})

/** What fixes the addresses of the contracts that were deployed with the market, beside their code. */
export type Build = z.infer<typeof buildSchema>

export const deploymentSchema = z.object({
  chainId: z.int().positive(),
  /** The block from which events are indexed. */
  startBlock: block,
  /** The start blocks of contracts that are older than `startBlock`, such as a foreign registry. */
  startBlocks: z.partialRecord(contracts.keyof(), block).optional(),
  contracts,
  /** Whether the registry was created with the market: then it is our contract, which cannot be changed. Absent if not known. */
  hasOwnRegistry: z.boolean().optional(),
  /** The largest reward of a run, in USDC base units: the market's MAX_REWARD. */
  maxReward: z.string().regex(/^[1-9][0-9]{0,15}$/, 'must be USDC base units'),
  /** Absent if the contracts were not created by CREATE2. */
  build: buildSchema.optional(),
})

/**
 * The chain of devnets: its USDC is MockUSDC, and claims need no signature of the agent's wallet, unless
 * ALLOW_UNSIGNED_CLAIMS says otherwise.
 */
export const DEVNET = 31337

/** The market's addresses on one chain: the content of `deployments/<chainId>.json`. */
export type Deployment = z.infer<typeof deploymentSchema>

/** The BountyMarket contract of a chain. */
export type MarketAddress = { chainId: number; address: Address }

/** The contract that claims are signed for. */
export const marketOf = ({ chainId, contracts }: Deployment): MarketAddress => ({
  chainId,
  address: contracts.BountyMarket,
})

/** The contract whose `registerFor` registers an agent for another account: the registry, where it has that function. */
export const registrarOf = ({ contracts }: Pick<Deployment, 'contracts'>): Address =>
  contracts.AgentRegistrar ?? contracts.AgentRegistry

/**
 * Reads and validates a deployment file.
 * @throws if there is no such file, it is malformed, or it is for another chain.
 */
export function readDeployment(chainId: number, directory = 'deployments'): Deployment {
  const path = `${directory}/${chainId}.json`
  let content: string
  try {
    content = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new Error(`No deployment for chain ${chainId}: ${path} cannot be read. Deploy first, or set CHAIN_ID.`, {
      cause,
    })
  }
  const parsed = deploymentSchema.safeParse(JSON.parse(content))
  if (!parsed.success) throw new Error(`${path} is malformed:\n${z.prettifyError(parsed.error)}`)
  if (parsed.data.chainId !== chainId) {
    throw new Error(`${path} is for chain ${parsed.data.chainId}, not ${chainId}`)
  }
  return parsed.data
}
