import { parseEventLogs, parseUnits } from 'viem'
import { agentRegistryAbi } from '../abis/AgentRegistry.ts'
import { agentStakingAbi } from '../abis/AgentStaking.ts'
import type { Deployment } from '../src/api/deployment.ts'
import { accountOf, roles } from './accounts.ts'
import { callOf } from './call.ts'
import { contentId } from './contentId.ts'
import type { DemoAgent } from './demoMarket.ts'
import type { Play } from './history.ts'
import type { Timeline } from './timeline.ts'

/** Plays a demo agent's history. Its registration adds its id to `ids`. */
export function playAgent(
  timeline: Timeline,
  { AgentRegistry, AgentStaking }: Deployment['contracts'],
  { name, account }: DemoAgent,
  ids: Map<string, bigint>,
): Play {
  const wallet = accountOf(account).address
  const registry = { address: AgentRegistry, abi: agentRegistryAbi }
  const staking = { address: AgentStaking, abi: agentStakingAbi }

  async function register(at: number) {
    const call = callOf(wallet, registry, 'register', [contentId(`agent ${name}`)])
    const { logs } = await timeline.send(at, call)
    for (const { args } of parseEventLogs({ abi: agentRegistryAbi, eventName: 'Registered', logs })) {
      ids.set(name, args.agentId)
    }
  }

  function stakingCall(event: string, amount: string | undefined) {
    const id = idOf(ids, name)
    if (event === 'ban') return callOf(accountOf(roles.owner).address, staking, event, [id])
    if ((event !== 'stake' && event !== 'unstake') || !amount) {
      throw new Error(`'${event} ${amount ?? ''}' is not an event of an agent: ${name}`)
    }
    return callOf(wallet, staking, event, [id, parseUnits(amount, 6)])
  }

  return async (at, event) => {
    if (event.name === 'register') await register(at)
    else await timeline.send(at, stakingCall(event.name, event.argument))
  }
}

/** The id of the agent. @throws if it is not registered yet. */
export function idOf(ids: ReadonlyMap<string, bigint>, name: string): bigint {
  const id = ids.get(name)
  if (id === undefined) throw new Error(`Agent ${name} acts before it is registered`)
  return id
}
