import { ponder } from 'ponder:registry'
import { agent } from '../ponder.schema.ts'

ponder.on('AgentStaking:Staked', async ({ event, context }) => {
  const { agentId: id, staked } = event.args
  await context.db.insert(agent).values({ id, staked }).onConflictDoUpdate({ staked })
})

ponder.on('AgentStaking:Unstaked', async ({ event, context }) => {
  const { agentId: id, staked } = event.args
  await context.db.update(agent, { id }).set({ staked })
})

for (const name of ['StakeLocked', 'StakeReleased'] as const) {
  ponder.on(`AgentStaking:${name}`, async ({ event, context }) => {
    const { agentId: id, locked } = event.args
    await context.db.update(agent, { id }).set({ locked })
  })
}

for (const name of ['StakeForfeited', 'Slashed'] as const) {
  ponder.on(`AgentStaking:${name}`, async ({ event, context }) => {
    const { agentId: id, staked, locked } = event.args
    await context.db.update(agent, { id }).set({ staked, locked })
  })
}

ponder.on('AgentStaking:RunCompleted', async ({ event, context }) => {
  const { agentId: id, reward } = event.args
  await context.db
    .update(agent, { id })
    .set(({ completions, volume }) => ({ completions: completions + 1, volume: volume + reward }))
})
