import { type Address, encodeFunctionData, type Hex, type PublicClient, parseAbi } from 'viem'
import { agentRegistryAbi } from '../../../../../abis/AgentRegistry.ts'
import { agentStakingAbi } from '../../../../../abis/AgentStaking.ts'
import { type Deployment, registrarOf } from '../../../../../core/deployment.ts'
import type { AccountContracts } from '../../../../../core/market/accountCall.ts'
import { reuseResult } from '../../../../../core/reuseResult.ts'
import { answer } from '../../chain/client.ts'
import type { SharedReads } from '../../chain/intake.ts'
import { attempt, type Market } from '../../chain/market.ts'
import { Refusal } from '../../refusal.ts'

const usdcAbi = parseAbi([
  'function name() view returns (string)',
  'function version() view returns (string)',
  'function balanceOf(address) view returns (uint256)',
])

/** What the messages of accounts depend on. USDC's domain is read once. It throws a Refusal RELAY_UNAVAILABLE. */
export type ReadContracts = () => Promise<AccountContracts>

export function createContractsReader({ client }: Market, { chainId, contracts }: Deployment): ReadContracts {
  const usdc = { abi: usdcAbi, address: contracts.USDC }
  return reuseResult(Number.POSITIVE_INFINITY, async () => {
    const [name, version] = await Promise.all([
      answer(client.readContract({ ...usdc, functionName: 'name' })),
      answer(client.readContract({ ...usdc, functionName: 'version' })),
    ])
    return { chainId, contracts, usdcDomain: { name, version } }
  })
}

/** The USDC of the account, in base units. @throws Refusal RELAY_UNAVAILABLE. */
export const readBalance = async (read: SharedReads, usdc: Address, account: Address) =>
  (await read({ abi: usdcAbi, address: usdc, functionName: 'balanceOf', args: [account] })) as bigint

/** How many signed withdrawals the agent has made, which is the nonce of the next. @throws Refusal RELAY_UNAVAILABLE. */
export const readUnstakeNonce = async (read: SharedReads, staking: Address, agentId: bigint) =>
  (await read({ abi: agentStakingAbi, address: staking, functionName: 'nonceOf', args: [agentId] })) as bigint

/** The registry's owner may upgrade it. */
const ANSWER_MS = 600_000

/** An account without a key, and without code that could refuse an agent. */
const SOME_OWNER = '0x000000000000000000000000000000000000dEaD'

/**
 * Whether the contract has no `registerFor`, which ERC-8004 does not have.
 * @throws Refusal RELAY_UNAVAILABLE if the node does not answer.
 */
export const registersCallerOnly = (client: PublicClient, to: Address): Promise<boolean> =>
  lacksFunction(
    client,
    to,
    encodeFunctionData({ abi: agentRegistryAbi, functionName: 'registerFor', args: [SOME_OWNER, ''] }),
  )

/**
 * Whether the contract lacks the function that the data calls. A function that is there returns data, or says why it reverts.
 * @throws Refusal RELAY_UNAVAILABLE if the node does not answer.
 */
export async function lacksFunction(client: PublicClient, to: Address, data: Hex): Promise<boolean> {
  const trial = await attempt(client.call({ to, data }))
  const returned = 'passed' in trial ? trial.passed.data : trial.failure.data
  return (returned ?? '0x') === '0x'
}

/**
 * Creates a function that says why no agent can be registered for another account than the caller; undefined if one can.
 * ERC-8004 has `register` only, which the relay's key would call for itself: without AgentRegistrar, a registry that has no
 * more refuses.
 * @throws Refusal RELAY_UNAVAILABLE.
 */
export function createRegistryCheck({ client }: Market, deployment: Deployment) {
  const address = registrarOf(deployment)
  return reuseResult(ANSWER_MS, async (): Promise<Refusal | undefined> => {
    if (!(await registersCallerOnly(client, address))) return undefined
    const detail =
      `The registry ${address} registers its caller only, and the market has no AgentRegistrar. Call \`register\` of it ` +
      'with the owner’s account, or with another, which then transfers the agent.'
    return new Refusal('REGISTRATION_UNSUPPORTED', detail, { extensions: { registry: address } })
  })
}

export type RegistryCheck = ReturnType<typeof createRegistryCheck>
