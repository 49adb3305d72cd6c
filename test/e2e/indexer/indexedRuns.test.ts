// The rows of runs that are worked on and reviewed. lostRuns.test.ts has those that are closed or lost.
import { zeroAddress } from 'viem'
import { beforeAll, expect, test } from 'vitest'
import { accountOf, roles } from '../../../tools/devnet/accounts.ts'
import { defaultTerms } from '../../../tools/devnet/defaultTerms.ts'
import { expectCounts } from './chainState.ts'
import { ada, by, DAY_SECONDS, indexedMarket, lower, poster, stranger, unclaimed, usd } from './indexedMarket.ts'

let all: Awaited<ReturnType<typeof indexedMarket>>

beforeAll(async () => {
  all = await indexedMarket()
})

test('a run passes every state up to its rejection', async () => {
  const { market } = all.chain
  const deadline = await all.inAMonth()
  await market.write.createBounty(['ipfs://terms', usd(100), deadline, defaultTerms], by(poster))
  const bountyId = await market.read.bountyCount()
  const createdAt = await all.now()
  const draft = {
    bountyId,
    posterAddress: accountOf(poster).address,
    ipfsHash: 'ipfs://terms',
    reward: usd(100),
    fee: usd(5),
    deadline,
    ...unclaimed,
    state: 'DRAFT',
    round: 0,
    createdAt,
    openedAt: null as bigint | null,
    workPeriod: 7 * DAY_SECONDS,
    stakeRequired: usd(10),
    evaluator: null,
    closing: false,
    payer: null as string | null,
    claimant: null,
    namings: 0,
  }
  expect(await all.index.run(bountyId)).toEqual(draft)

  await market.write.fundBounty([bountyId], by(poster))
  draft.openedAt = await all.now()
  draft.payer = lower(poster)
  expect(await all.index.run(bountyId)).toEqual({ ...draft, state: 'OPEN' })
  await market.write.closeBounty([bountyId], by(poster))
  expect(await all.index.run(bountyId)).toEqual(draft)
  await market.write.fundBounty([bountyId], by(poster))
  draft.openedAt = await all.now()

  await market.write.claimBounty([bountyId, all.agentOfAda], by(ada))
  const claimedAt = await all.now()
  const claim = {
    claimedBy: all.agentOfAda,
    claimedByWallet: accountOf(ada).address,
    stake: usd(10),
    claimedAt,
    round: 1,
  }
  const claimed = { ...draft, ...claim, state: 'CLAIMED', submitBy: claimedAt + BigInt(7 * DAY_SECONDS) }
  expect(await all.index.run(bountyId)).toEqual(claimed)
  expect(await all.index.agent(all.agentOfAda)).toMatchObject({ lockedAmount: usd(10) })

  await market.write.startWork([bountyId], by(ada))
  expect(await all.index.run(bountyId)).toEqual({ ...claimed, state: 'IN_PROGRESS' })

  for (const revisions of [1, 2, 3]) {
    const deliverableHash = `ipfs://work${revisions}`
    await market.write.submitWork([bountyId, deliverableHash], by(ada))
    const submittedAt = await all.now()
    const feedbackHash = revisions === 1 ? null : `ipfs://feedback${revisions - 1}`
    const work = { deliverableHash, submittedAt, submitBy: null, reviewBy: submittedAt + BigInt(7 * DAY_SECONDS) }
    const reviewed = { ...claimed, ...work, feedbackHash, revisions: revisions - 1 }
    expect(await all.index.run(bountyId)).toEqual({ ...reviewed, state: 'SUBMITTED' })

    await market.write.requestRevision([bountyId, `ipfs://feedback${revisions}`], by(poster))
    const submitBy = (await all.now()) + BigInt(7 * DAY_SECONDS)
    const request = { feedbackHash: `ipfs://feedback${revisions}`, submitBy, reviewBy: null, revisions }
    expect(await all.index.run(bountyId)).toEqual({ ...reviewed, ...request, state: 'REVISION_REQUESTED' })
  }

  await market.write.submitWork([bountyId, 'ipfs://work4'], by(ada))
  const submittedAt = await all.now()
  await market.write.rejectWork([bountyId], by(poster))
  expect(await all.index.run(bountyId)).toEqual({
    ...draft,
    ...claim,
    state: 'REJECTED',
    deliverableHash: 'ipfs://work4',
    feedbackHash: 'ipfs://feedback3',
    submittedAt,
    endedAt: await all.now(),
    revisions: 3,
  })
  expect(await all.index.agent(all.agentOfAda)).toMatchObject({
    stakedAmount: usd(50),
    lockedAmount: 0n,
    completions: 0,
    frozen: false,
  })
})

/** What has its own columns of a payee. */
const noneOfFees = { feesCollected: 0n, unburned: 0n }

test('a run is approved, and a payment that USDC refuses is owed until it is collected', async () => {
  const { market, usdc } = all.chain
  const bountyId = await all.post('ipfs://approved', usd(300))
  await market.write.claimBounty([bountyId, all.agentOfAda], by(ada))
  expect(await all.index.run(bountyId)).toMatchObject({ stake: usd(20) })
  await market.write.submitWork([bountyId, 'ipfs://done'], by(ada))
  await usdc.write.blacklist([accountOf(ada).address])
  await market.write.approveWork([bountyId, 0], by(poster))
  expect(await all.index.run(bountyId)).toMatchObject({
    state: 'APPROVED',
    endedAt: await all.now(),
    reviewBy: null,
    stake: usd(20),
  })
  expect(await all.index.agent(all.agentOfAda)).toMatchObject({
    lockedAmount: 0n,
    completions: 1,
    volume: usd(300),
    feesPaid: usd(15),
  })
  expect((await all.index.tables()).payees).toContainEqual({ address: lower(ada), owed: usd(300), ...noneOfFees })

  const second = await all.post('ipfs://approved too', usd(20))
  await market.write.claimBounty([second, all.agentOfAda], by(ada))
  await market.write.submitWork([second, 'ipfs://done'], by(ada))
  await market.write.approveWork([second, 0], by(poster))
  expect((await all.index.tables()).payees).toContainEqual({ address: lower(ada), owed: usd(320), ...noneOfFees })

  await usdc.write.unBlacklist([accountOf(ada).address])
  await market.write.collect([accountOf(ada).address])
  expect((await all.index.tables()).payees).toContainEqual({ address: lower(ada), owed: 0n, ...noneOfFees })
})

test('a run is approved when its review period ends', async () => {
  const { market } = all.chain
  const bountyId = await all.post('ipfs://timeout', usd(50))
  await market.write.claimBounty([bountyId, all.agentOfAda], by(ada))
  await market.write.submitWork([bountyId, 'ipfs://done'], by(ada))
  await all.pass(8 * DAY_SECONDS)
  await market.write.finalizeReview([bountyId], by(stranger))
  expect(await all.index.run(bountyId)).toMatchObject({ state: 'APPROVED', endedAt: await all.now(), reviewBy: null })
  // The fee of an approval by time was burned.
  expect(await all.index.agent(all.agentOfAda)).toMatchObject({ completions: 3, volume: usd(370), feesPaid: usd(16) })
})

test('an agent becomes proven with its fifth run, and is counted on the day of its stakedAt', async () => {
  const { market, staking } = all.chain
  async function counted() {
    const tables = await all.index.tables()
    expectCounts(tables)
    return tables.agents.find(({ id }) => id === all.agentOfAda)?.step
  }
  expect(await counted()).toBe('PROVISIONAL')
  for (const ipfsHash of ['ipfs://fourth', 'ipfs://fifth']) {
    const bountyId = await all.post(ipfsHash, usd(1))
    await market.write.claimBounty([bountyId, all.agentOfAda], by(ada))
    await market.write.submitWork([bountyId, 'ipfs://done'], by(ada))
    await market.write.approveWork([bountyId, 0], by(poster))
  }
  expect(await counted()).toBe('PROVEN')
  await staking.write.ban([all.agentOfAda], by(roles.owner))
  expect(await counted()).toBe('BANNED')
  await staking.write.unban([all.agentOfAda], by(roles.owner))
  await staking.write.unstake([all.agentOfAda, usd(50)], by(ada))
  expect(await counted()).toBe('UNVERIFIED')
  await all.pass(2 * DAY_SECONDS)
  await staking.write.stake([all.agentOfAda, usd(60)], by(ada))
  expect(await counted()).toBe('PROVEN')
})

test('a run has the terms that its poster set', async () => {
  const { market } = all.chain
  const evaluator = accountOf(stranger).address
  const terms = { workPeriod: 2 * DAY_SECONDS, stakePercent: 50, evaluator, claimant: accountOf(ada).address }
  await market.write.postBounty(['ipfs://terms', usd(20), await all.inAMonth(), terms], by(poster))
  const bountyId = await market.read.bountyCount()
  expect(await all.index.run(bountyId)).toMatchObject({
    workPeriod: 2 * DAY_SECONDS,
    stakeRequired: usd(10),
    evaluator,
    claimant: accountOf(ada).address,
    namings: 1,
  })

  await market.write.claimBounty([bountyId, all.agentOfAda], by(ada))
  const submitBy = (await all.now()) + BigInt(2 * DAY_SECONDS)
  expect(await all.index.run(bountyId)).toMatchObject({ state: 'CLAIMED', stake: usd(10), submitBy })
  await market.write.submitWork([bountyId, 'ipfs://work'], by(ada))
  await market.write.requestRevision([bountyId, 'ipfs://again'], by(stranger))
  await all.pass(2 * DAY_SECONDS + 1)
  await market.write.rejectOverdue([bountyId], by(stranger))
  const ended = { state: 'REJECTED', submitBy: null, reviewBy: null, revisions: 1, endedAt: await all.now() }
  expect(await all.index.run(bountyId)).toMatchObject(ended)
  const names = (await all.index.tables()).runEvents.filter((event) => event.bountyId === bountyId)
  expect(names.map(({ name, address }) => [name, address]).slice(-2)).toEqual([
    ['RevisionRequested', lower(stranger)],
    ['BountyRejected', lower(poster)],
  ])
})

test('a run has the claimant that its poster named last, also once it is closed or its claim is lost', async () => {
  const { market } = all.chain
  const [first, second] = [accountOf(ada).address, accountOf(stranger).address]
  const terms = { ...defaultTerms, claimant: accountOf(poster).address }
  await market.write.createBounty(['ipfs://reserved', usd(20), await all.inAMonth(), terms], by(poster))
  const bountyId = await market.read.bountyCount()
  expect(await all.index.run(bountyId)).toMatchObject({ state: 'DRAFT', claimant: terms.claimant, namings: 1 })
  await market.write.fundBounty([bountyId], by(poster))
  await market.write.nameClaimant([bountyId, second], by(poster))
  expect(await all.index.run(bountyId)).toMatchObject({ state: 'OPEN', claimant: second, namings: 2 })
  await market.write.closeBounty([bountyId], by(poster))
  await market.write.fundBounty([bountyId], by(poster))
  await market.write.nameClaimant([bountyId, first], by(poster))
  await market.write.claimBounty([bountyId, all.agentOfAda], by(ada))
  await market.write.abandonClaim([bountyId], by(ada))
  expect(await all.index.run(bountyId)).toMatchObject({ ...unclaimed, state: 'OPEN', claimant: first, namings: 3 })
  await market.write.nameClaimant([bountyId, zeroAddress], by(poster))
  expect(await all.index.run(bountyId)).toMatchObject({ state: 'OPEN', claimant: null, namings: 4 })
  const named = (await all.index.tables()).runEvents.filter((event) => event.bountyId === bountyId)
  expect(named.flatMap(({ name, address, ordinal }) => (name === 'ClaimantNamed' ? [[address, ordinal]] : []))).toEqual(
    [
      [lower(poster), 1],
      [second.toLowerCase(), 2],
      [first.toLowerCase(), 3],
      [null, 4],
    ],
  )
})

test('a run that is due for a revision can be approved, and then nothing is due', async () => {
  const { market } = all.chain
  const bountyId = await all.post('ipfs://good enough', usd(50))
  await market.write.claimBounty([bountyId, all.agentOfAda], by(ada))
  await market.write.submitWork([bountyId, 'ipfs://first'], by(ada))
  await market.write.requestRevision([bountyId, 'ipfs://feedback'], by(poster))
  await market.write.approveWork([bountyId, 0], by(poster))
  expect(await all.index.run(bountyId)).toMatchObject({
    state: 'APPROVED',
    submitBy: null,
    reviewBy: null,
    revisions: 1,
  })
})

test('the treasury collects its fees, of which no payment was deferred', async () => {
  const { market } = all.chain
  const treasury = await market.read.TREASURY()
  const feesCollected = (await market.read.owed([treasury])) - 1n
  await market.write.collect([treasury], by(stranger))
  const collected = { address: treasury.toLowerCase(), owed: 0n, feesCollected, unburned: 0n }
  expect((await all.index.tables()).payees).toContainEqual(collected)
  // One unit stays, so that the next fee does not pay for a new storage slot.
  expect(await market.read.owed([treasury])).toBe(1n)
})

test('every row equals the chain', async () => {
  const bountyId = await all.post('ipfs://in review', usd(40))
  await all.chain.market.write.claimBounty([bountyId, all.agentOfAda], by(ada))
  await all.chain.market.write.submitWork([bountyId, 'ipfs://to review'], by(ada))
  await all.expectRowsOfChain()
  await all.expectTimelines([
    'BountyCreated',
    'ClaimantNamed',
    'BountyFunded',
    'BountyWithdrawn',
    'BountyClaimed',
    'WorkStarted',
    'WorkSubmitted',
    'RevisionRequested',
    'BountyApproved',
    'BountyRejected',
    'PaymentDeferred',
  ])
})
