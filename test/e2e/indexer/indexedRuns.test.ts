import { encodeFunctionData, type Hex, keccak256, maxUint256, stringToHex, toHex } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accountOf, roles } from '../../../tools/devnet/accounts.ts'
import { defaultTerms } from '../../../tools/devnet/defaultTerms.ts'
import { freshDatabase } from '../../support/database.ts'
import { type MarketOnAnvil, startMarketOnAnvil } from '../../support/marketOnAnvil.ts'
import { agentsOnChain, comparableAgent, comparableRun, expectCounts, runsOnChain } from './chainState.ts'
import { type Index, startIndexOf } from './indexOf.ts'
import { expectedRunEvents } from './marketLogs.ts'

const day = 86_400
const usd = (amount: number) => BigInt(amount * 1e6)
const by = (index: number) => ({ account: accountOf(index).address })
const lower = (index: number) => accountOf(index).address.toLowerCase()

const poster = 2
const ada = 3
const bob = 4
const stranger = 5

let chain: MarketOnAnvil
let index: Index

beforeAll(async () => {
  chain = await startMarketOnAnvil()
  index = await startIndexOf(chain, await freshDatabase())
  const { registry, staking } = chain
  await chain.fund(...[poster, ada, bob].map((party) => accountOf(party).address))
  await registry.write.register(['ipfs://ada'], by(ada))
  await staking.write.stake([1n, usd(60)], by(ada))
  await registry.write.register(['ipfs://bob'], by(bob))
  await staking.write.stake([2n, usd(40)], by(bob))
})

afterAll(async () => {
  await index?.stop()
  await chain?.stop()
})

const now = async () => (await chain.client.getBlock()).timestamp
const pass = (seconds: number) => chain.client.increaseTime({ seconds })
const inAMonth = async () => (await now()) + BigInt(30 * day)

async function post(ipfsHash: string, reward: bigint) {
  await chain.market.write.postBounty([ipfsHash, reward, await inAMonth(), defaultTerms], by(poster))
  return chain.market.read.bountyCount()
}

const unclaimed = {
  claimedBy: null,
  claimedByWallet: null,
  stake: null,
  deliverableHash: null,
  feedbackHash: null,
  claimedAt: null,
  submittedAt: null,
  submitBy: null,
  reviewBy: null,
  endedAt: null,
  revisions: 0,
}

test('a run passes every state up to its rejection', async () => {
  const { market } = chain
  const deadline = await inAMonth()
  await market.write.createBounty(['ipfs://terms', usd(100), deadline, defaultTerms], by(poster))
  const createdAt = await now()
  const draft = {
    bountyId: 1n,
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
    workPeriod: 7 * day,
    stakeRequired: usd(10),
    evaluator: null,
    closing: false,
  }
  expect(await index.run(1n)).toEqual(draft)

  await market.write.fundBounty([1n], by(poster))
  draft.openedAt = await now()
  expect(await index.run(1n)).toEqual({ ...draft, state: 'OPEN' })
  await market.write.withdrawBounty([1n], by(poster))
  expect(await index.run(1n)).toEqual(draft)
  await market.write.fundBounty([1n], by(poster))
  draft.openedAt = await now()

  await market.write.claimBounty([1n, 1n], by(ada))
  const claimedAt = await now()
  const claim = { claimedBy: 1n, claimedByWallet: accountOf(ada).address, stake: usd(10), claimedAt, round: 1 }
  const claimed = { ...draft, ...claim, state: 'CLAIMED', submitBy: claimedAt + BigInt(7 * day) }
  expect(await index.run(1n)).toEqual(claimed)
  expect(await index.agent(1n)).toMatchObject({ lockedAmount: usd(10) })

  await market.write.startWork([1n], by(ada))
  expect(await index.run(1n)).toEqual({ ...claimed, state: 'IN_PROGRESS' })

  for (const revisions of [1, 2, 3]) {
    const deliverableHash = `ipfs://work${revisions}`
    await market.write.submitWork([1n, deliverableHash], by(ada))
    const submittedAt = await now()
    const feedbackHash = revisions === 1 ? null : `ipfs://feedback${revisions - 1}`
    const work = { deliverableHash, submittedAt, submitBy: null, reviewBy: submittedAt + BigInt(7 * day) }
    const reviewed = { ...claimed, ...work, feedbackHash, revisions: revisions - 1 }
    expect(await index.run(1n)).toEqual({ ...reviewed, state: 'SUBMITTED' })

    await market.write.requestRevision([1n, `ipfs://feedback${revisions}`], by(poster))
    const submitBy = (await now()) + BigInt(7 * day)
    const request = { feedbackHash: `ipfs://feedback${revisions}`, submitBy, reviewBy: null, revisions }
    expect(await index.run(1n)).toEqual({ ...reviewed, ...request, state: 'REVISION_REQUESTED' })
  }

  await market.write.submitWork([1n, 'ipfs://work4'], by(ada))
  const submittedAt = await now()
  await market.write.rejectWork([1n], by(poster))
  expect(await index.run(1n)).toEqual({
    ...draft,
    ...claim,
    state: 'REJECTED',
    deliverableHash: 'ipfs://work4',
    feedbackHash: 'ipfs://feedback3',
    submittedAt,
    endedAt: await now(),
    revisions: 3,
  })
  expect(await index.agent(1n)).toMatchObject({
    stakedAmount: usd(50),
    lockedAmount: 0n,
    completions: 0,
    frozen: false,
  })
})

test('a run is approved, and a payment that USDC refuses is owed until it is collected', async () => {
  const { market, usdc } = chain
  const bountyId = await post('ipfs://approved', usd(300))
  await market.write.claimBounty([bountyId, 1n], by(ada))
  expect(await index.run(bountyId)).toMatchObject({ stake: usd(20) })
  await market.write.submitWork([bountyId, 'ipfs://done'], by(ada))
  await usdc.write.blacklist([accountOf(ada).address])
  await market.write.approveWork([bountyId, 0], by(poster))
  expect(await index.run(bountyId)).toMatchObject({
    state: 'APPROVED',
    endedAt: await now(),
    reviewBy: null,
    stake: usd(20),
  })
  expect(await index.agent(1n)).toMatchObject({ lockedAmount: 0n, completions: 1, volume: usd(300) })
  expect((await index.tables()).payees).toEqual([{ address: lower(ada), owed: usd(300) }])

  const second = await post('ipfs://approved too', usd(20))
  await market.write.claimBounty([second, 1n], by(ada))
  await market.write.submitWork([second, 'ipfs://done'], by(ada))
  await market.write.approveWork([second, 0], by(poster))
  expect((await index.tables()).payees).toEqual([{ address: lower(ada), owed: usd(320) }])

  await usdc.write.unBlacklist([accountOf(ada).address])
  await market.write.collect([accountOf(ada).address])
  expect((await index.tables()).payees).toEqual([{ address: lower(ada), owed: 0n }])
})

test('a run is approved when its review period ends', async () => {
  const { market } = chain
  const bountyId = await post('ipfs://timeout', usd(50))
  await market.write.claimBounty([bountyId, 1n], by(ada))
  await market.write.submitWork([bountyId, 'ipfs://done'], by(ada))
  await pass(8 * day)
  await market.write.finalizeReview([bountyId], by(stranger))
  expect(await index.run(bountyId)).toMatchObject({ state: 'APPROVED', endedAt: await now(), reviewBy: null })
  expect(await index.agent(1n)).toMatchObject({ completions: 3, volume: usd(370) })
})

test('an agent becomes proven with its fifth run, and is counted on the day of its stakedAt', async () => {
  const { market, staking } = chain
  async function counted() {
    const tables = await index.tables()
    expectCounts(tables)
    return tables.agents[0]?.step
  }
  expect(await counted()).toBe('PROVISIONAL')
  for (const ipfsHash of ['ipfs://fourth', 'ipfs://fifth']) {
    const bountyId = await post(ipfsHash, usd(1))
    await market.write.claimBounty([bountyId, 1n], by(ada))
    await market.write.submitWork([bountyId, 'ipfs://done'], by(ada))
    await market.write.approveWork([bountyId, 0], by(poster))
  }
  expect(await counted()).toBe('PROVEN')
  await staking.write.ban([1n], by(roles.owner))
  expect(await counted()).toBe('BANNED')
  await staking.write.unban([1n], by(roles.owner))
  await staking.write.unstake([1n, usd(50)], by(ada))
  expect(await counted()).toBe('UNVERIFIED')
  await pass(2 * day)
  await staking.write.stake([1n, usd(60)], by(ada))
  expect(await counted()).toBe('PROVEN')
})

test('a run is open again after a slash, and a draft after slashAndWithdraw', async () => {
  const { market, staking } = chain
  const bountyId = await post('ipfs://slashed', usd(100))
  await market.write.claimBounty([bountyId, 2n], by(bob))
  await market.write.startWork([bountyId], by(bob))
  await pass(8 * day)
  await market.write.slashExpired([bountyId], by(poster))
  expect(await index.run(bountyId)).toMatchObject({ ...unclaimed, state: 'OPEN', round: 1 })
  expect(await index.agent(2n)).toMatchObject({ frozen: true, slashes: 1, stakedAmount: usd(30), lockedAmount: 0n })
  expect(await index.agent(2n)).toMatchObject({ stakedAt: 0n, banned: false })

  await staking.write.stake([2n, usd(1)], by(bob))
  expect(await index.agent(2n)).toMatchObject({ frozen: false, stakedAmount: usd(31), stakedAt: await now() })
  await market.write.claimBounty([bountyId, 2n], by(bob))
  expect(await index.run(bountyId)).toMatchObject({ state: 'CLAIMED', round: 2, claimedAt: await now() })
  await market.write.startWork([bountyId], by(bob))
  await pass(8 * day)
  await market.write.slashAndWithdraw([bountyId], by(poster))
  expect(await index.run(bountyId)).toMatchObject({ ...unclaimed, state: 'DRAFT', round: 2 })
})

test('a run has the terms that its poster set', async () => {
  const { market } = chain
  const evaluator = accountOf(stranger).address
  const terms = { workPeriod: 2 * day, stakePercent: 50, evaluator }
  await market.write.postBounty(['ipfs://terms', usd(20), await inAMonth(), terms], by(poster))
  const bountyId = await market.read.bountyCount()
  expect(await index.run(bountyId)).toMatchObject({ workPeriod: 2 * day, stakeRequired: usd(10), evaluator })

  await market.write.claimBounty([bountyId, 1n], by(ada))
  const submitBy = (await now()) + BigInt(2 * day)
  expect(await index.run(bountyId)).toMatchObject({ state: 'CLAIMED', stake: usd(10), submitBy })
  await market.write.submitWork([bountyId, 'ipfs://work'], by(ada))
  await market.write.requestRevision([bountyId, 'ipfs://again'], by(stranger))
  await pass(2 * day + 1)
  await market.write.rejectOverdue([bountyId], by(stranger))
  const ended = { state: 'REJECTED', submitBy: null, reviewBy: null, revisions: 1, endedAt: await now() }
  expect(await index.run(bountyId)).toMatchObject(ended)
  const names = (await index.tables()).runEvents.filter((event) => event.bountyId === bountyId)
  expect(names.map(({ name, address }) => [name, address]).slice(-2)).toEqual([
    ['RevisionRequested', lower(stranger)],
    ['BountyRejected', lower(poster)],
  ])
})

test('a run is open again after its claim was abandoned, and a draft once it expired', async () => {
  const { market } = chain
  const bountyId = await post('ipfs://abandoned', usd(50))
  await market.write.claimBounty([bountyId, 1n], by(ada))
  await market.write.abandonClaim([bountyId], by(ada))
  expect(await index.run(bountyId)).toMatchObject({ ...unclaimed, state: 'OPEN', round: 1 })
  expect(await index.agent(1n)).toMatchObject({ frozen: false, slashes: 0, lockedAmount: 0n })
  await pass(31 * day)
  await market.write.expireBounty([bountyId], by(stranger))
  expect(await index.run(bountyId)).toMatchObject({ ...unclaimed, state: 'DRAFT', round: 1 })
})

test('a run that its poster closes during a claim is closing, and a draft once the claim is lost', async () => {
  const { market } = chain
  const bountyId = await post('ipfs://closing', usd(50))
  await market.write.claimBounty([bountyId, 1n], by(ada))
  await market.write.closeBounty([bountyId], by(poster))
  expect(await index.run(bountyId)).toMatchObject({ state: 'CLAIMED', claimedBy: 1n, closing: true })
  await market.write.startWork([bountyId], by(ada))
  expect(await index.run(bountyId)).toMatchObject({ state: 'IN_PROGRESS', closing: true })
  await market.write.abandonClaim([bountyId], by(ada))
  expect(await index.run(bountyId)).toMatchObject({ ...unclaimed, state: 'DRAFT', round: 1, closing: false })
  const { runEvents } = await index.tables()
  const timeline = runEvents.filter((event) => event.bountyId === bountyId)
  expect(timeline.map(({ name }) => name).slice(3)).toEqual([
    'BountyClosing',
    'WorkStarted',
    'ClaimAbandoned',
    'BountyWithdrawn',
  ])
  expect(timeline[3]).toMatchObject({ address: lower(poster), agentId: null, round: null })
})

test('a run that is due for a revision can be approved, and then nothing is due', async () => {
  const { market } = chain
  const bountyId = await post('ipfs://good enough', usd(50))
  await market.write.claimBounty([bountyId, 1n], by(ada))
  await market.write.submitWork([bountyId, 'ipfs://first'], by(ada))
  await market.write.requestRevision([bountyId, 'ipfs://feedback'], by(poster))
  await market.write.approveWork([bountyId, 0], by(poster))
  expect(await index.run(bountyId)).toMatchObject({ state: 'APPROVED', submitBy: null, reviewBy: null, revisions: 1 })
})

test('the treasury collects its fees, of which no payment was deferred', async () => {
  const { market } = chain
  const treasury = await market.read.TREASURY()
  await market.write.collect([treasury], by(stranger))
  expect((await index.tables()).payees).toContainEqual({ address: treasury.toLowerCase(), owed: 0n })
  // One unit stays, so that the next fee does not pay for a new storage slot.
  expect(await market.read.owed([treasury])).toBe(1n)
})

test('a refund that USDC refuses is owed, and appears in the run’s timeline', async () => {
  const { market, usdc } = chain
  const bountyId = await post('ipfs://refused', usd(40))
  await pass(31 * day)
  await usdc.write.blacklist([accountOf(poster).address])
  await market.write.expireBounty([bountyId], by(stranger))
  await usdc.write.unBlacklist([accountOf(poster).address])
  const { payees, runEvents } = await index.tables()
  expect(payees).toContainEqual({ address: lower(poster), owed: usd(42) })
  expect(runEvents.filter((event) => event.bountyId === bountyId).at(-1)).toMatchObject({
    name: 'PaymentDeferred',
    address: lower(poster),
    amount: usd(42),
  })
})

test('a run records the claims that a batch refused; claims of no run leave no trace', async () => {
  const { market } = chain
  const open = await post('ipfs://batch', usd(10))
  const item = { wallet: accountOf(ada).address, deadline: 0n, signature: '0x' as const }
  const claims = [
    { ...item, bountyId: open, agentId: 1n },
    { ...item, bountyId: open, agentId: 1n },
    { ...item, bountyId: open, agentId: maxUint256 },
    { ...item, bountyId: 2n ** 63n - 1n, agentId: 1n },
    { ...item, bountyId: 2n ** 63n, agentId: 1n },
    { ...item, bountyId: maxUint256, agentId: maxUint256 },
  ]
  // The estimate would be the least gas with which the transaction succeeds: not enough for any item.
  await market.write.claimBatch([claims], { ...by(roles.relayer), gas: 5_000_000n })
  expect(await index.run(open)).toMatchObject({ state: 'CLAIMED', claimedByWallet: accountOf(ada).address })

  const refused = (await index.tables()).runEvents.filter(({ name }) => name === 'ClaimRefused')
  const notOpen = keccak256(stringToHex('BountyNotOpen(uint256,uint8)')).slice(0, 10)
  expect(refused).toMatchObject([
    { bountyId: open, agentId: 1n, address: lower(ada), reason: expect.stringContaining(notOpen) },
    { bountyId: open, agentId: maxUint256, address: lower(ada), reason: expect.stringContaining(notOpen) },
  ])
})

test('a run keeps strings that are hostile or not UTF-8', async () => {
  const { market } = chain
  const texts = ['\0', 'a\0b', '\\N', '\\.', 'tab\tnew\nline\r\\', `'; DROP TABLE run; --`, '🦄‮\u{10FFFF}', ' ']
  const ids: bigint[] = []
  for (const text of texts) ids.push(await post(text, usd(1)))
  // Invalid UTF-8 cannot be written as a string: these bytes replace a string of the same length.
  const placeholder = 'ÿÿ'
  const data = encodeFunctionData({
    abi: market.abi,
    functionName: 'createBounty',
    args: [placeholder, usd(1), await inAMonth(), defaultTerms],
  })
  const bytes: Hex = '0xff00fe80'
  await chain.client.sendTransaction({
    ...by(poster),
    to: market.address,
    data: data.replace(toHex(placeholder).slice(2), bytes.slice(2)) as Hex,
  })
  const rows = (await index.tables()).runs.slice(-texts.length - 1)
  expect(rows.map(({ ipfsHash }) => ipfsHash)).toEqual([
    ...texts.map((text) => text.replaceAll('\0', '\uFFFD')),
    '\uFFFD'.repeat(4),
  ])
  expect(rows.map(({ bountyId }) => bountyId).slice(0, -1)).toEqual(ids)
})

test('a third slash bans the agent', async () => {
  const { market, staking } = chain
  await staking.write.stake([2n, usd(40)], by(bob))
  const bountyId = await post('ipfs://third', usd(10))
  await market.write.claimBounty([bountyId, 2n], by(bob))
  await pass(8 * day)
  await market.write.slashExpired([bountyId], by(poster))
  expect(await index.agent(2n)).toMatchObject({ slashes: 3, frozen: true, banned: true, lockedAmount: 0n })
})

test('every run and agent row equals the chain', async () => {
  const bountyId = await post('ipfs://in review', usd(40))
  await chain.market.write.claimBounty([bountyId, 1n], by(ada))
  await chain.market.write.submitWork([bountyId, 'ipfs://to review'], by(ada))
  const tables = await index.tables()
  const { runs, agents, payees } = tables
  expect(runs.map(comparableRun)).toEqual(await runsOnChain(chain))
  expectCounts(tables)
  expect(agents.map(comparableAgent)).toEqual(await agentsOnChain(chain, [1n, 2n]))
  for (const { id, volume } of agents) {
    const paid = runs.filter(({ state, claimedBy }) => state === 'APPROVED' && claimedBy === id)
    expect(volume).toBe(paid.reduce((sum, { reward }) => sum + reward, 0n))
  }
  const treasury = (await chain.market.read.TREASURY()).toLowerCase()
  for (const { address, owed } of payees) {
    // Fees are owed to the treasury, but no payment of them was refused.
    expect(owed).toBe(address === treasury ? 0n : await chain.market.read.owed([address]))
  }
})

test('a run’s timeline has each of its logs', async () => {
  const { runs, runEvents } = await index.tables()
  expect(runEvents).toEqual(await expectedRunEvents(chain, runs))
  expect(new Set(runEvents.map(({ name }) => name))).toEqual(
    new Set([
      'BountyCreated',
      'BountyFunded',
      'BountyWithdrawn',
      'BountyClosing',
      'BountyClaimed',
      'ClaimRefused',
      'WorkStarted',
      'WorkSubmitted',
      'RevisionRequested',
      'BountyApproved',
      'BountyRejected',
      'ClaimSlashed',
      'ClaimAbandoned',
      'PaymentDeferred',
    ]),
  )
})
