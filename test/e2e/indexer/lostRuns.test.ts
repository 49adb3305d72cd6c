// The rows of runs that are closed, or whose claims are lost or refused, and of runs with hostile strings.
import { encodeFunctionData, type Hex, keccak256, maxUint256, stringToHex, toHex } from 'viem'
import { beforeAll, expect, test } from 'vitest'
import { accountOf, roles } from '../../../tools/devnet/accounts.ts'
import { defaultTerms } from '../../../tools/devnet/defaultTerms.ts'
import { ada, bob, by, DAY_SECONDS, indexedMarket, lower, poster, stranger, unclaimed, usd } from './indexedMarket.ts'

let all: Awaited<ReturnType<typeof indexedMarket>>

beforeAll(async () => {
  all = await indexedMarket()
})

test('a run is open again after a slash, and a draft once it is slashed and closed', async () => {
  const { market, staking } = all.chain
  const bountyId = await all.post('ipfs://slashed', usd(100))
  await market.write.claimBounty([bountyId, all.agentOfBob], by(bob))
  await market.write.startWork([bountyId], by(bob))
  await all.pass(8 * DAY_SECONDS)
  await market.write.slashExpired([bountyId], by(poster))
  expect(await all.index.run(bountyId)).toMatchObject({ ...unclaimed, state: 'OPEN', round: 1 })
  expect(await all.index.agent(all.agentOfBob)).toMatchObject({
    frozen: true,
    slashes: 1,
    stakedAmount: usd(30),
    lockedAmount: 0n,
  })
  expect(await all.index.agent(all.agentOfBob)).toMatchObject({ stakedAt: 0n, banned: false })

  await staking.write.stake([all.agentOfBob, usd(1)], by(bob))
  expect(await all.index.agent(all.agentOfBob)).toMatchObject({
    frozen: false,
    stakedAmount: usd(31),
    stakedAt: await all.now(),
  })
  await market.write.claimBounty([bountyId, all.agentOfBob], by(bob))
  expect(await all.index.run(bountyId)).toMatchObject({ state: 'CLAIMED', round: 2, claimedAt: await all.now() })
  await market.write.startWork([bountyId], by(bob))
  await all.pass(8 * DAY_SECONDS)
  await market.write.slashExpired([bountyId], by(poster))
  await market.write.closeBounty([bountyId], by(poster))
  expect(await all.index.run(bountyId)).toMatchObject({ ...unclaimed, state: 'DRAFT', round: 2 })
})

test('a run is open again after its claim was abandoned, and a draft once it expired', async () => {
  const { market } = all.chain
  const bountyId = await all.post('ipfs://abandoned', usd(50))
  await market.write.claimBounty([bountyId, all.agentOfAda], by(ada))
  await market.write.abandonClaim([bountyId], by(ada))
  expect(await all.index.run(bountyId)).toMatchObject({ ...unclaimed, state: 'OPEN', round: 1 })
  expect(await all.index.agent(all.agentOfAda)).toMatchObject({ frozen: false, slashes: 0, lockedAmount: 0n })
  await all.pass(31 * DAY_SECONDS)
  await market.write.expireBounty([bountyId], by(stranger))
  expect(await all.index.run(bountyId)).toMatchObject({ ...unclaimed, state: 'DRAFT', round: 1 })
})

test('a run that its poster closes during a claim is closing, and a draft once the claim is lost', async () => {
  const { market } = all.chain
  const bountyId = await all.post('ipfs://closing', usd(50))
  await market.write.claimBounty([bountyId, all.agentOfAda], by(ada))
  await market.write.closeBounty([bountyId], by(poster))
  expect(await all.index.run(bountyId)).toMatchObject({ state: 'CLAIMED', claimedBy: all.agentOfAda, closing: true })
  await market.write.startWork([bountyId], by(ada))
  expect(await all.index.run(bountyId)).toMatchObject({ state: 'IN_PROGRESS', closing: true })
  await market.write.abandonClaim([bountyId], by(ada))
  expect(await all.index.run(bountyId)).toMatchObject({ ...unclaimed, state: 'DRAFT', round: 1, closing: false })
  const { runEvents } = await all.index.tables()
  const timeline = runEvents.filter((event) => event.bountyId === bountyId)
  expect(timeline.map(({ name }) => name).slice(3)).toEqual([
    'BountyClosing',
    'WorkStarted',
    'ClaimAbandoned',
    'BountyWithdrawn',
  ])
  expect(timeline[3]).toMatchObject({ address: lower(poster), agentId: null, round: null })
})

test('a refund that USDC refuses is owed, and appears in the run’s timeline', async () => {
  const { market, usdc } = all.chain
  const bountyId = await all.post('ipfs://refused', usd(40))
  await all.pass(31 * DAY_SECONDS)
  await usdc.write.blacklist([accountOf(poster).address])
  await market.write.expireBounty([bountyId], by(stranger))
  await usdc.write.unBlacklist([accountOf(poster).address])
  const { payees, runEvents } = await all.index.tables()
  expect(payees).toContainEqual({ address: lower(poster), owed: usd(42), feesCollected: 0n, unburned: 0n })
  expect(runEvents.filter((event) => event.bountyId === bountyId).at(-1)).toMatchObject({
    name: 'PaymentDeferred',
    address: lower(poster),
    amount: usd(42),
  })
})

test('a run records the claims that a batch refused; claims of no run leave no trace', async () => {
  const { market } = all.chain
  const open = await all.post('ipfs://batch', usd(10))
  const item = { wallet: accountOf(ada).address, deadline: 0n, signature: '0x' as const }
  const claims = [
    { ...item, bountyId: open, agentId: all.agentOfAda },
    { ...item, bountyId: open, agentId: all.agentOfAda },
    { ...item, bountyId: open, agentId: maxUint256 },
    { ...item, bountyId: 2n ** 63n - 1n, agentId: all.agentOfAda },
    { ...item, bountyId: 2n ** 63n, agentId: all.agentOfAda },
    { ...item, bountyId: maxUint256, agentId: maxUint256 },
  ]
  // The estimate would be the least gas with which the transaction succeeds: not enough for any item.
  await market.write.claimBatch([claims], { ...by(roles.relayer), gas: 5_000_000n })
  expect(await all.index.run(open)).toMatchObject({ state: 'CLAIMED', claimedByWallet: accountOf(ada).address })

  const refused = (await all.index.tables()).runEvents.filter(({ name }) => name === 'ClaimRefused')
  const notOpen = keccak256(stringToHex('BountyNotOpen(uint256,uint8)')).slice(0, 10)
  expect(refused).toMatchObject([
    { bountyId: open, agentId: all.agentOfAda, address: lower(ada), reason: expect.stringContaining(notOpen) },
    { bountyId: open, agentId: maxUint256, address: lower(ada), reason: expect.stringContaining(notOpen) },
  ])
})

test('a run keeps strings that are hostile or not UTF-8', async () => {
  const { market } = all.chain
  const texts = ['\0', 'a\0b', '\\N', '\\.', 'tab\tnew\nline\r\\', `'; DROP TABLE run; --`, '🦄‮\u{10FFFF}', ' ']
  const ids: bigint[] = []
  for (const text of texts) ids.push(await all.post(text, usd(1)))
  // Invalid UTF-8 cannot be written as a string: these bytes replace a string of the same length.
  const placeholder = 'ÿÿ'
  const data = encodeFunctionData({
    abi: market.abi,
    functionName: 'createBounty',
    args: [placeholder, usd(1), await all.inAMonth(), defaultTerms],
  })
  const bytes: Hex = '0xff00fe80'
  await all.chain.client.sendTransaction({
    ...by(poster),
    to: market.address,
    data: data.replace(toHex(placeholder).slice(2), bytes.slice(2)) as Hex,
  })
  const rows = (await all.index.tables()).runs.slice(-texts.length - 1)
  expect(rows.map(({ ipfsHash }) => ipfsHash)).toEqual([
    ...texts.map((text) => text.replaceAll('\0', '\uFFFD')),
    '\uFFFD'.repeat(4),
  ])
  expect(rows.map(({ bountyId }) => bountyId).slice(0, -1)).toEqual(ids)
})

test('a third slash bans the agent', async () => {
  const { market, staking } = all.chain
  await staking.write.stake([all.agentOfBob, usd(40)], by(bob))
  const bountyId = await all.post('ipfs://third', usd(10))
  await market.write.claimBounty([bountyId, all.agentOfBob], by(bob))
  await all.pass(8 * DAY_SECONDS)
  await market.write.slashExpired([bountyId], by(poster))
  expect(await all.index.agent(all.agentOfBob)).toMatchObject({
    slashes: 3,
    frozen: true,
    banned: true,
    lockedAmount: 0n,
  })
})

test('every row equals the chain', async () => {
  await all.expectRowsOfChain()
  await all.expectTimelines(['BountyClosing', 'ClaimRefused', 'ClaimSlashed', 'ClaimAbandoned', 'PaymentDeferred'])
})
