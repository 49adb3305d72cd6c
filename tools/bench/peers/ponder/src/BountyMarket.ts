import { ponder } from 'ponder:registry'
import { run } from '../ponder.schema.ts'

const noClaim = { claimedBy: null, claimedByWallet: null, stake: null, deliverableHash: null, claimedAt: null }

ponder.on('BountyMarket:BountyCreated', async ({ event, context }) => {
  const { bountyId, poster, ipfsHash, reward, deadline } = event.args
  const createdAt = event.block.timestamp
  await context.db
    .insert(run)
    .values({ bountyId, posterAddress: poster, ipfsHash, reward, deadline, state: 'DRAFT', createdAt })
})

ponder.on('BountyMarket:BountyClaimed', async ({ event, context }) => {
  const { bountyId, agentId, wallet, stake } = event.args
  await context.db.update(run, { bountyId }).set({
    state: 'CLAIMED',
    claimedBy: agentId,
    claimedByWallet: wallet,
    stake,
    claimedAt: event.block.timestamp,
  })
})

ponder.on('BountyMarket:WorkSubmitted', async ({ event, context }) => {
  const { bountyId, deliverableHash } = event.args
  const submittedAt = event.block.timestamp
  await context.db.update(run, { bountyId }).set({ state: 'SUBMITTED', deliverableHash, submittedAt })
})

/** The events that change nothing but the state. */
const states = {
  BountyFunded: 'OPEN',
  BountyWithdrawn: 'DRAFT',
  WorkStarted: 'IN_PROGRESS',
  RevisionRequested: 'REVISION_REQUESTED',
  BountyApproved: 'APPROVED',
  BountyRejected: 'REJECTED',
} as const

for (const name of Object.keys(states) as (keyof typeof states)[]) {
  ponder.on(`BountyMarket:${name}`, async ({ event, context }) => {
    await context.db.update(run, { bountyId: event.args.bountyId }).set({ state: states[name] })
  })
}

for (const name of ['ClaimSlashed', 'ClaimAbandoned'] as const) {
  ponder.on(`BountyMarket:${name}`, async ({ event, context }) => {
    await context.db.update(run, { bountyId: event.args.bountyId }).set({ state: 'OPEN', ...noClaim })
  })
}
