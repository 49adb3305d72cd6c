import { maxUint256, parseUnits } from 'viem'
import { mockUsdcAbi } from '../../abis/MockUSDC.ts'
import type { Deployment } from '../../core/deployment.ts'
import { accountOf } from './accounts.ts'
import { callOf } from './call.ts'
import { agents, posters, runs } from './demoMarket.ts'
import type { DemoTexts } from './demoTexts.ts'
import { playAgent } from './playAgent.ts'
import { playRun } from './playRun.ts'
import { openTimeline, type Timeline } from './timeline.ts'

const day = 86_400

/** The genesis timestamp, in seconds, for a chain with the demo market: earlier than its first event. */
export const seedableGenesis = () => Math.floor(Date.now() / 1000) - 46 * day

export type SeededMarket = {
  /** By the agent's name. */
  agentIds: ReadonlyMap<string, bigint>
  /** By the run's title. */
  bountyIds: ReadonlyMap<string, bigint>
  /** What its runs name. */
  texts: DemoTexts
  /** The last block of the demo data. */
  block: bigint
}

/**
 * Plays the demo market's history on a new chain whose genesis is `seedableGenesis()`, and sets the clock to the
 * present. From then on the chain mines on request.
 * @throws if a call reverts.
 */
export async function seedMarket(rpcUrl: string, { contracts }: Deployment): Promise<SeededMarket> {
  const timeline = openTimeline(rpcUrl)
  const agentIds = new Map<string, bigint>()
  const bountyIds = new Map<string, bigint>()
  const texts: DemoTexts = new Map()
  const now = Math.floor(Date.now() / 1000)
  await fundParties(timeline, contracts)

  const histories = [
    ...agents.map((agent) => ({
      history: agent.history,
      play: playAgent(timeline, contracts, agent, agentIds, texts),
    })),
    ...runs.map((run) => ({
      history: run.history,
      play: playRun(timeline, contracts, run, agentIds, bountyIds, texts),
    })),
  ]
  const events = histories.flatMap(({ history, play }) =>
    history.split(', ').map((text) => {
      const [daysAgo, name = '', argument = ''] = text.split(' ')
      return { daysAgo: Number(daysAgo), name, argument, play }
    }),
  )
  // The sort is stable, so events of one history at the same time stay in order.
  events.sort((a, b) => b.daysAgo - a.daysAgo)
  for (const { daysAgo, name, argument, play } of events) await play(Math.floor(now - daysAgo * day), name, argument)
  return { agentIds, bountyIds, texts, block: await timeline.catchUp() }
}

async function fundParties(timeline: Timeline, { USDC, BountyMarket, AgentStaking }: Deployment['contracts']) {
  const spenders = [
    ...Object.values(posters).map((account) => [account, BountyMarket] as const),
    ...agents.map(({ account }) => [account, AgentStaking] as const),
  ]
  const usdc = { address: USDC, abi: mockUsdcAbi }
  for (const [account, spender] of spenders) {
    const party = accountOf(account).address
    await timeline.send(0, callOf(party, usdc, 'mint', [party, parseUnits('10000', 6)]))
    await timeline.send(0, callOf(party, usdc, 'approve', [spender, maxUint256]))
  }
}
