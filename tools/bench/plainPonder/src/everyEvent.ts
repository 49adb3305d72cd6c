import { ponder } from 'ponder:registry'
import { plainEvent } from '../ponder.schema.ts'

/** The events that the indexer handles, so that both request the same logs. */
const names = [
  'AgentRegistry:Transfer',
  'AgentRegistry:Registered',
  'AgentRegistry:URIUpdated',
  'AgentRegistry:MetadataSet',
  'AgentStaking:Staked',
  'AgentStaking:Unstaked',
  'AgentStaking:StakeLocked',
  'AgentStaking:StakeReleased',
  'AgentStaking:StakeForfeited',
  'AgentStaking:Slashed',
  'AgentStaking:RunCompleted',
  'AgentStaking:AgentFrozen',
  'AgentStaking:AgentUnfrozen',
  'AgentStaking:AgentBanned',
  'AgentStaking:AgentUnbanned',
  'BountyMarket:BountyCreated',
  'BountyMarket:BountyFunded',
  'BountyMarket:BountyWithdrawn',
  'BountyMarket:BountyClosing',
  'BountyMarket:BountyClaimed',
  'BountyMarket:ClaimRefused',
  'BountyMarket:WorkStarted',
  'BountyMarket:WorkSubmitted',
  'BountyMarket:RevisionRequested',
  'BountyMarket:BountyApproved',
  'BountyMarket:BountyRejected',
  'BountyMarket:ClaimSlashed',
  'BountyMarket:PaymentDeferred',
  'BountyMarket:PaymentCollected',
] as const

for (const name of names) {
  ponder.on(name, async ({ event, context }) => {
    await context.db.insert(plainEvent).values({
      id: event.id,
      name,
      topics: event.log.topics.join(),
      data: event.log.data,
      timestamp: event.block.timestamp,
      blockNumber: event.block.number,
      blockHash: event.block.hash,
      logIndex: event.log.logIndex,
      transactionHash: event.transaction.hash,
    })
  })
}
