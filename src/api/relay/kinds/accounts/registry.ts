import { type Address, encodeFunctionData, type PublicClient } from 'viem'
import { agentRegistryAbi } from '../../../../../abis/AgentRegistry.ts'
import { type Deployment, registrarOf } from '../../../../../core/deployment.ts'
import { reuseResult } from '../../../../../core/reuseResult.ts'
import { attempt, type Market } from '../../chain/market.ts'
import { Refusal } from '../../refusal.ts'

/** The registry's owner may upgrade it. */
const ANSWER_MS = 600_000

/** An account without a key, and without code that could refuse an agent. */
const SOME_OWNER = '0x000000000000000000000000000000000000dEaD'

/**
 * Whether the contract has no `registerFor`, which ERC-8004 does not have. A function that is there says why it reverts.
 * @throws Refusal RELAY_UNAVAILABLE if the node does not answer.
 */
export async function registersCallerOnly(client: PublicClient, to: Address): Promise<boolean> {
  const data = encodeFunctionData({ abi: agentRegistryAbi, functionName: 'registerFor', args: [SOME_OWNER, ''] })
  const trial = await attempt(client.call({ account: SOME_OWNER, to, data }))
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
