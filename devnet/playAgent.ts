import { encodeFunctionData, parseEventLogs, parseUnits } from 'viem'
import { agentRegistryAbi } from '../abis/AgentRegistry.ts'
import { agentStakingAbi } from '../abis/AgentStaking.ts'
import type { Deployment } from '../src/api/deployment.ts'
import { accountOf, roles } from './accounts.ts'
import { contentId } from './contentId.ts'
import type { DemoAgent } from './demoMarket.ts'
import type { Play } from './history.ts'
import type { Call, Timeline } from './timeline.ts'

/** Plays a demo agent's history. Its registration adds its id to `ids`. */
export function playAgent(
  timeline: Timeline,
  { AgentRegistry, AgentStaking }: Deployment['contracts'],
  { name, account }: DemoAgent,
  ids: Map<string, bigint>,
): Play {
  const wallet = accountOf(account).address

  async function register(at: number) {
    const args = [contentId(`agent ${name}`)] as const
    const data = encodeFunctionData({ abi: agentRegistryAbi, functionName: 'register', args })
    const { logs } = await timeline.send(at, { from: wallet, to: AgentRegistry, data })
    for (const { args } of parseEventLogs({ abi: agentRegistryAbi, eventName: 'Registered', logs })) {
      ids.set(name, args.agentId)
    }
  }

  function stakingCall(event: string, amount: string | undefined): Call {
    const id = idOf(ids, name)
    if (event === 'ban') {
      const data = encodeFunctionData({ abi: agentStakingAbi, functionName: event, args: [id] })
      return { from: accountOf(roles.owner).address, to: AgentStaking, data }
    }
    if ((event !== 'stake' && event !== 'unstake') || !amount) {
      throw new Error(`'${event} ${amount ?? ''}' is not an event of an agent: ${name}`)
    }
    const args = [id, parseUnits(amount, 6)] as const
    return {
      from: wallet,
      to: AgentStaking,
      data: encodeFunctionData({ abi: agentStakingAbi, functionName: event, args }),
    }
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
