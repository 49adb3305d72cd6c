import { agentRegistryAbi } from '../../../abis/AgentRegistry.ts'
import { type Deployment, registrarOf } from '../../../core/deployment.ts'
import { reuseResult } from '../../../core/reuseResult.ts'
import { attempt, type Market } from '../../chain/market.ts'
import { Refusal } from '../../refusal.ts'

/** The registry's owner may upgrade it. */
const ANSWER_MS = 600_000

/** An account without a key, and without code that could refuse an agent. */
const SOME_OWNER = '0x000000000000000000000000000000000000dEaD'

/**
 * Creates a function that says why no agent can be registered for another account than the caller; undefined if one can.
 * ERC-8004 has `register` only, which the relay's key would call for itself: without AgentRegistrar, a registry that has no
 * more refuses.
 * @throws Refusal RELAY_UNAVAILABLE.
 */
export function createRegistryCheck({ client }: Market, deployment: Deployment) {
  const address = registrarOf(deployment)
  return reuseResult(ANSWER_MS, async (): Promise<Refusal | undefined> => {
    const call = { abi: agentRegistryAbi, address, functionName: 'registerFor', args: [SOME_OWNER, ''] } as const
    const trial = await attempt(client.simulateContract({ ...call, account: SOME_OWNER }))
    // A function that is there says why it reverts.
    if ('passed' in trial || (trial.failure.data ?? '0x') !== '0x') return undefined
    const detail =
      `The registry ${address} registers its caller only, and the market has no AgentRegistrar. Call \`register\` of it ` +
      'with the owner’s account, or with another, which then transfers the agent.'
    return new Refusal('REGISTRATION_UNSUPPORTED', detail, { extensions: { registry: address } })
  })
}

export type RegistryCheck = ReturnType<typeof createRegistryCheck>
