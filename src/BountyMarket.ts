import { type Context, type Event, ponder } from 'ponder:registry'
import { payee, rejections, run, runEvent, storedText } from 'ponder:schema'
import { getAddress, zeroAddress } from 'viem'
import { type Counted, countRun } from './countRun.ts'
import { storeAgent } from './storeAgent.ts'

/**
 * Ignored events:
 * - `EIP712DomainChanged`: never emitted, the market cannot be upgraded
 *
 * Every run event is also stored as a `run_event`. Its row cannot exist yet, because `event.id` is the log's position
 * in the chain.
 */

const maxInt8 = 2n ** 63n - 1n

const noClaim = {
  claimedBy: null,
  claimedByWallet: null,
  stake: null,
  deliverableHash: null,
  feedbackHash: null,
  claimedAt: null,
  submittedAt: null,
  submitBy: null,
  reviewBy: null,
  revisions: 0,
}

ponder.on('BountyMarket:BountyCreated', async ({ event, context }) => {
  const { bountyId, poster, ipfsHash, reward, fee, stake, deadline, workPeriod, evaluator } = event.args
  // Row cannot exist because the market never reuses an id.
  const created = await context.db.insert(run).values({
    bountyId,
    posterAddress: getAddress(poster),
    ipfsHash: storedText(ipfsHash),
    reward,
    fee,
    deadline,
    state: 'DRAFT',
    createdAt: event.block.timestamp,
    workPeriod,
    stakeRequired: stake,
    evaluator: evaluator === zeroAddress ? null : getAddress(evaluator),
  })
  await countRun(context, event.block.timestamp, created, undefined)
  await record(context, event, 'BountyCreated', {
    address: poster,
    amount: reward,
    hash: storedText(ipfsHash),
    dueAt: deadline,
  })
})

ponder.on('BountyMarket:ClaimantNamed', async ({ event, context }) => {
  const { bountyId, claimant, namings } = event.args
  const isNamed = claimant !== zeroAddress
  // Row must exist because `ClaimantNamed` cannot precede `BountyCreated`. The state and so the counts stay.
  await context.db
    .update(run, { bountyId })
    .set({ claimant: isNamed ? getAddress(claimant) : null, namings: Number(namings) })
  await record(context, event, 'ClaimantNamed', { address: isNamed ? claimant : null, ordinal: Number(namings) })
})

ponder.on('BountyMarket:BountyFunded', async ({ event, context }) => {
  const { poster, payer, amount } = event.args
  // Row must exist because `BountyFunded` cannot precede `BountyCreated`.
  await move(context, event, { state: 'OPEN', openedAt: event.block.timestamp, payer })
  await record(context, event, 'BountyFunded', { address: poster, amount, by: payer })
})

ponder.on('BountyMarket:BountyWithdrawn', async ({ event, context }) => {
  const { poster, amount } = event.args
  // Row must exist because `BountyWithdrawn` cannot precede `BountyFunded`.
  await move(context, event, { state: 'DRAFT', closing: false })
  await record(context, event, 'BountyWithdrawn', { address: poster, amount })
})

ponder.on('BountyMarket:BountyClosing', async ({ event, context }) => {
  const { bountyId, poster } = event.args
  // Row must exist because `BountyClosing` cannot precede `BountyClaimed`. The state and so the counts stay.
  await context.db.update(run, { bountyId }).set({ closing: true })
  await record(context, event, 'BountyClosing', { address: poster })
})

ponder.on('BountyMarket:BountyClaimed', async ({ event, context }) => {
  const { agentId, wallet, stake, round, submitBy } = event.args
  // Row must exist because `BountyClaimed` cannot precede `BountyFunded`.
  await move(context, event, {
    state: 'CLAIMED',
    claimedBy: agentId,
    claimedByWallet: getAddress(wallet),
    stake,
    claimedAt: event.block.timestamp,
    submitBy,
    round: Number(round),
  })
  await record(context, event, 'BountyClaimed', {
    agentId,
    address: wallet,
    amount: stake,
    dueAt: submitBy,
    ordinal: Number(round),
    round: Number(round),
  })
})

ponder.on('BountyMarket:ClaimRefused', async ({ event, context }) => {
  const { bountyId, agentId, wallet, reason } = event.args
  // A batch may name a bounty that does not exist, by any uint256. It has no timeline, and its id may not fit the
  // column.
  if (bountyId > maxInt8 || (await context.db.find(run, { bountyId })) === null) return
  await record(context, event, 'ClaimRefused', { agentId, address: wallet, reason })
})

ponder.on('BountyMarket:WorkStarted', async ({ event, context }) => {
  const { agentId } = event.args
  // Row must exist because `WorkStarted` cannot precede `BountyClaimed`.
  const { claimedByWallet } = await move(context, event, { state: 'IN_PROGRESS' })
  await record(context, event, 'WorkStarted', { agentId, address: claimedByWallet })
})

ponder.on('BountyMarket:WorkSubmitted', async ({ event, context }) => {
  const { agentId, deliverableHash, reviewBy, round, revision } = event.args
  const hash = storedText(deliverableHash)
  // Row must exist because `WorkSubmitted` cannot precede `BountyClaimed`.
  const { claimedByWallet } = await move(context, event, {
    state: 'SUBMITTED',
    deliverableHash: hash,
    submittedAt: event.block.timestamp,
    submitBy: null,
    reviewBy,
  })
  await record(context, event, 'WorkSubmitted', {
    agentId,
    address: claimedByWallet,
    hash,
    dueAt: reviewBy,
    ordinal: Number(revision),
    round: Number(round),
  })
})

ponder.on('BountyMarket:RevisionRequested', async ({ event, context }) => {
  const { agentId, feedbackHash, revision, submitBy } = event.args
  const hash = storedText(feedbackHash)
  // Row must exist because `RevisionRequested` cannot precede `WorkSubmitted`.
  const { posterAddress, evaluator } = await move(context, event, {
    state: 'REVISION_REQUESTED',
    feedbackHash: hash,
    submitBy,
    reviewBy: null,
    revisions: Number(revision),
  })
  await record(context, event, 'RevisionRequested', {
    agentId,
    address: evaluator ?? posterAddress,
    hash,
    dueAt: submitBy,
    ordinal: Number(revision),
  })
})

ponder.on('BountyMarket:BountyApproved', async ({ event, context }) => {
  const { agentId, wallet, reward, fee, by, round } = event.args
  const approver = by === zeroAddress ? null : by
  // Row must exist because `BountyApproved` cannot precede `WorkSubmitted`. `submitBy` is set if a revision was due.
  await move(context, event, { state: 'APPROVED', submitBy: null, reviewBy: null, endedAt: event.block.timestamp })
  await record(context, event, 'BountyApproved', {
    agentId,
    address: wallet,
    amount: reward,
    by: approver,
    round: Number(round),
  })
  // Row must exist because the agent has claimed, for which it must have staked.
  if (approver) await storeAgent(context, event.block, agentId, ({ feesPaid }) => ({ feesPaid: feesPaid + fee }))
})

ponder.on('BountyMarket:BountyRejected', async ({ event, context }) => {
  const { agentId, poster, refund, round, reason } = event.args
  // Row must exist because `BountyRejected` cannot precede `WorkSubmitted`. `submitBy` is set if a revision was due.
  await move(context, event, {
    state: 'REJECTED',
    submitBy: null,
    reviewBy: null,
    endedAt: event.block.timestamp,
  })
  await record(context, event, 'BountyRejected', {
    agentId,
    address: poster,
    amount: refund,
    rejection: rejections[reason],
    round: Number(round),
  })
})

ponder.on('BountyMarket:ClaimSlashed', async ({ event, context }) => {
  const { agentId, poster, stake, round } = event.args
  // Row must exist because `ClaimSlashed` cannot precede `BountyClaimed`. If the escrow is refunded in the same call,
  // `BountyWithdrawn` follows.
  await move(context, event, { state: 'OPEN', openedAt: event.block.timestamp, ...noClaim })
  await record(context, event, 'ClaimSlashed', { agentId, address: poster, amount: stake, round: Number(round) })
})

ponder.on('BountyMarket:ClaimAbandoned', async ({ event, context }) => {
  const { agentId, poster, stake, round } = event.args
  // Row must exist because `ClaimAbandoned` cannot precede `BountyClaimed`. If the run is closing, `BountyWithdrawn`
  // follows.
  await move(context, event, { state: 'OPEN', openedAt: event.block.timestamp, ...noClaim })
  await record(context, event, 'ClaimAbandoned', { agentId, address: poster, amount: stake, round: Number(round) })
})

ponder.on('BountyMarket:PaymentDeferred', async ({ event, context }) => {
  const { payee: address, amount } = event.args
  // Row exists if USDC refused a transfer to the payee before.
  await context.db
    .insert(payee)
    .values({ address, owed: amount })
    .onConflictDoUpdate((row) => ({ owed: row.owed + amount }))
  await record(context, event, 'PaymentDeferred', { address, amount })
})

ponder.on('BountyMarket:PaymentCollected', async ({ event, context }) => {
  const { payee: address, amount } = event.args
  // Row may not exist, because the treasury collects fees, of which no payment was deferred. A collection pays everything
  // that the market owes the payee.
  await context.db
    .insert(payee)
    .values({ address, owed: 0n, feesCollected: amount })
    .onConflictDoUpdate((row) => ({ owed: 0n, feesCollected: row.feesCollected + amount - row.owed }))
})

type Run = typeof run.$inferSelect

/** Moves a run to another state, and updates the counts. */
async function move(context: Context, event: MarketEvent, change: Partial<Run> & Pick<Run, 'state'>): Promise<Run> {
  const { bountyId } = event.args
  let before: Counted | undefined
  // One call reads and writes the row, because each call of Ponder's store copies it.
  const after = await context.db.update(run, { bountyId }).set(({ state, stake, payer }) => {
    before = { state, stake, payer }
    return change
  })
  if (before === undefined) throw new Error('Ponder updated a row without calling the update function')
  await countRun(context, event.block.timestamp, after, before)
  return after
}

type RunEvent = typeof runEvent.$inferInsert
type MarketEvent = Pick<Event<'BountyMarket:WorkStarted'>, 'id' | 'block' | 'transaction' | 'log'> & {
  args: { bountyId: bigint }
}

async function record(context: Context, event: MarketEvent, name: RunEvent['name'], details: Partial<RunEvent>) {
  await context.db.insert(runEvent).values({
    id: event.id,
    bountyId: event.args.bountyId,
    name,
    ...details,
    timestamp: event.block.timestamp,
    blockNumber: event.block.number,
    blockHash: event.block.hash,
    logIndex: event.log.logIndex,
    transactionHash: event.transaction.hash,
  })
}
