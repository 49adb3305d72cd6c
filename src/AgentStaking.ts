import { ponder } from 'ponder:registry'
import { payee } from 'ponder:schema'
import { storeAgent } from './storeAgent.ts'

/**
 * Ignored events:
 * - `OwnershipTransferStarted`, `OwnershipTransferred`: no answer names the account that may ban
 * - `EIP712DomainChanged`: never emitted, the contract cannot be upgraded
 *
 * `staked`, `locked`, `stakedAt`, `completions` and `slashes` are totals after the event, so they are stored unchanged.
 */

/** `IBountyMarket.BURN`, as Ponder writes the addresses of events. */
const BURN = '0x000000000000000000000000000000000000dead'

ponder.on('AgentStaking:Staked', async ({ event, context }) => {
  const { agentId: id, staked: stakedAmount, stakedAt } = event.args
  // Row must exist with our registry, but a foreign one may have an agent for which it emitted no event.
  await storeAgent(context, event.block, id, () => ({ stakedAmount, stakedAt }))
})

ponder.on('AgentStaking:Unstaked', async ({ event, context }) => {
  const { agentId: id, staked: stakedAmount, stakedAt } = event.args
  // Row must exist because `Unstaked` cannot precede `Staked`.
  await storeAgent(context, event.block, id, () => ({ stakedAmount, stakedAt }))
})

ponder.on('AgentStaking:StakeLocked', async ({ event, context }) => {
  const { agentId: id, locked: lockedAmount } = event.args
  // Row must exist because a claim needs MIN_STAKE, so `StakeLocked` cannot precede `Staked`.
  await storeAgent(context, event.block, id, () => ({ lockedAmount }))
})

ponder.on('AgentStaking:StakeReleased', async ({ event, context }) => {
  const { agentId: id, locked: lockedAmount } = event.args
  // Row must exist because `StakeReleased` cannot precede `StakeLocked`.
  await storeAgent(context, event.block, id, () => ({ lockedAmount }))
})

ponder.on('AgentStaking:StakeForfeited', async ({ event, context }) => {
  const { agentId: id, staked: stakedAmount, locked: lockedAmount, stakedAt } = event.args
  // Row must exist because `StakeForfeited` cannot precede `StakeLocked`.
  await storeAgent(context, event.block, id, () => ({ stakedAmount, lockedAmount, stakedAt }))
})

ponder.on('AgentStaking:Slashed', async ({ event, context }) => {
  const { agentId: id, staked: stakedAmount, locked: lockedAmount, stakedAt, slashes } = event.args
  // Row must exist because `Slashed` cannot precede `StakeLocked`.
  await storeAgent(context, event.block, id, () => ({ stakedAmount, lockedAmount, stakedAt, slashes: Number(slashes) }))
})

ponder.on('AgentStaking:RunCompleted', async ({ event, context }) => {
  const { agentId: id, reward, completions } = event.args
  // Row must exist because `RunCompleted` cannot precede `StakeLocked`.
  await storeAgent(context, event.block, id, ({ volume }) => ({
    completions: Number(completions),
    volume: volume + reward,
  }))
})

ponder.on('AgentStaking:AgentFrozen', async ({ event, context }) => {
  // Row must exist because only a slash freezes, and `Slashed` stores the row.
  await storeAgent(context, event.block, event.args.agentId, () => ({ frozen: true }))
})

ponder.on('AgentStaking:AgentUnfrozen', async ({ event, context }) => {
  // Row must exist because `AgentUnfrozen` cannot precede `AgentFrozen`.
  await storeAgent(context, event.block, event.args.agentId, () => ({ frozen: false }))
})

ponder.on('AgentStaking:AgentBanned', async ({ event, context }) => {
  const { agentId: id, slashes } = event.args
  // Row may not exist, because the owner may ban any id, even before it is registered.
  await storeAgent(context, event.block, id, () => ({ banned: true, slashes: Number(slashes) }))
})

ponder.on('AgentStaking:AgentUnbanned', async ({ event, context }) => {
  // Row must exist because `AgentUnbanned` cannot precede `AgentBanned`.
  await storeAgent(context, event.block, event.args.agentId, () => ({ banned: false }))
})

ponder.on('AgentStaking:BurnDeferred', async ({ event, context }) => {
  const { unburned } = event.args
  // Row exists if USDC refused to burn before. The market's `PaymentDeferred` and `PaymentCollected` have the debt itself.
  await context.db.insert(payee).values({ address: BURN, owed: 0n, unburned }).onConflictDoUpdate({ unburned })
})
