const { AgentStaking, BountyMarket } = require('generated')

const noClaim = {
  claimedBy: undefined,
  claimedByWallet: undefined,
  stake: undefined,
  deliverableHash: undefined,
  claimedAt: undefined,
}

BountyMarket.BountyCreated.handler(async ({ event, context }) => {
  const { bountyId, poster, ipfsHash, reward, deadline } = event.params
  context.Run.set({
    id: String(bountyId),
    bountyId,
    posterAddress: poster,
    ipfsHash,
    reward,
    deadline,
    state: 'DRAFT',
    createdAt: BigInt(event.block.timestamp),
    ...noClaim,
    submittedAt: undefined,
  })
})

async function updateRun({ event, context }, change) {
  const run = await context.Run.getOrThrow(String(event.params.bountyId))
  context.Run.set({ ...run, ...change })
}

BountyMarket.BountyClaimed.handler(async ({ event, context }) => {
  const { agentId: claimedBy, wallet: claimedByWallet, stake } = event.params
  const claimedAt = BigInt(event.block.timestamp)
  await updateRun({ event, context }, { state: 'CLAIMED', claimedBy, claimedByWallet, stake, claimedAt })
})

BountyMarket.WorkSubmitted.handler(async ({ event, context }) => {
  const { deliverableHash } = event.params
  const submittedAt = BigInt(event.block.timestamp)
  await updateRun({ event, context }, { state: 'SUBMITTED', deliverableHash, submittedAt })
})

/** The events that change nothing but the state. */
const states = {
  BountyFunded: 'OPEN',
  BountyWithdrawn: 'DRAFT',
  WorkStarted: 'IN_PROGRESS',
  RevisionRequested: 'REVISION_REQUESTED',
  BountyApproved: 'APPROVED',
  BountyRejected: 'REJECTED',
}
for (const [name, state] of Object.entries(states)) {
  BountyMarket[name].handler((happened) => updateRun(happened, { state }))
}
for (const name of ['ClaimSlashed', 'ClaimAbandoned']) {
  BountyMarket[name].handler((happened) => updateRun(happened, { state: 'OPEN', ...noClaim }))
}

async function updateAgent({ event, context }, changeOf) {
  const id = String(event.params.agentId)
  const agent = await context.Agent.getOrCreate({ id, staked: 0n, locked: 0n, completions: 0, volume: 0n })
  context.Agent.set({ ...agent, ...changeOf(event.params, agent) })
}

for (const name of ['Staked', 'Unstaked']) {
  AgentStaking[name].handler((happened) => updateAgent(happened, ({ staked }) => ({ staked })))
}
for (const name of ['StakeLocked', 'StakeReleased']) {
  AgentStaking[name].handler((happened) => updateAgent(happened, ({ locked }) => ({ locked })))
}
for (const name of ['StakeForfeited', 'Slashed']) {
  AgentStaking[name].handler((happened) => updateAgent(happened, ({ staked, locked }) => ({ staked, locked })))
}
AgentStaking.RunCompleted.handler((happened) =>
  updateAgent(happened, ({ reward }, { completions, volume }) => ({
    completions: completions + 1,
    volume: volume + reward,
  })),
)
