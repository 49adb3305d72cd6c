import { parseEventLogs, parseUnits } from 'viem'
import { agentRegistryAbi } from '../../abis/AgentRegistry.ts'
import { agentStakingAbi } from '../../abis/AgentStaking.ts'
import type { Deployment } from '../../core/deployment.ts'
import { accountOf, roles } from './accounts.ts'
import { callOf } from './call.ts'
import type { DemoAgent } from './demoMarket.ts'
import { type DemoTexts, demoRegistration, nameText } from './demoTexts.ts'
import type { Play, Timeline } from './timeline.ts'

/** Plays a demo agent's history. Its registration adds its id to `ids`. */
export function playAgent(
  timeline: Timeline,
  { AgentRegistry, AgentStaking }: Deployment['contracts'],
  { name, account }: DemoAgent,
  ids: Map<string, bigint>,
  texts: DemoTexts,
): Play {
  const wallet = accountOf(account).address
  const registry = { address: AgentRegistry, abi: agentRegistryAbi }
  const staking = { address: AgentStaking, abi: agentStakingAbi }

  async function callFor(event: string, amount: string) {
    if (event === 'register') {
      const file = await nameText(texts, 'application/json', demoRegistration(name))
      return callOf(wallet, registry, event, [file])
    }
    const id = idOf(ids, name)
    if (event === 'ban') return callOf(accountOf(roles.owner).address, staking, event, [id])
    if (event === 'stake' || event === 'unstake') return callOf(wallet, staking, event, [id, parseUnits(amount, 6)])
    throw new Error(`'${event}' is not an event of an agent: ${name}`)
  }

  return async (at, event, amount) => {
    const { logs } = await timeline.send(at, await callFor(event, amount))
    for (const { args } of parseEventLogs({ abi: agentRegistryAbi, eventName: 'Registered', logs })) {
      ids.set(name, args.agentId)
    }
  }
}

/** The id of the agent. @throws if it is not registered yet. */
export function idOf(ids: ReadonlyMap<string, bigint>, name: string): bigint {
  const id = ids.get(name)
  if (id === undefined) throw new Error(`Agent ${name} acts before it is registered`)
  return id
}
