import { type Address, type Hash, maxUint256 } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runStates } from '../../../ponder.schema.ts'
import { accountOf, roles } from '../../../tools/devnet/accounts.ts'
import { defaultTerms } from '../../../tools/devnet/defaultTerms.ts'
import { freshDatabase } from '../../support/database.ts'
import { type MarketOnAnvil, startMarketOnAnvil } from '../../support/marketOnAnvil.ts'
import { participantsOf } from '../../support/participants.ts'
import { agentsOnChain, comparableAgent, expectCounts } from './chainState.ts'
import { type Index, startIndexOf } from './indexOf.ts'

const usd = (amount: number) => BigInt(amount * 1e6)
const by = (index: number) => ({ account: accountOf(index).address })
const lower = (index: number) => accountOf(index).address.toLowerCase()

const ada = 2
const bob = 3
const eve = 4
const stakingOwner = roles.owner

let chain: MarketOnAnvil
let index: Index

beforeAll(async () => {
  chain = await startMarketOnAnvil()
  index = await startIndexOf(chain, await freshDatabase())
  await chain.fund(accountOf(ada).address)
})

afterAll(async () => {
  await index?.stop()
  await chain?.stop()
})

const now = async () => (await chain.client.getBlock()).timestamp

test('agents are registered, by their owners and by others', async () => {
  await chain.registry.write.register(['ipfs://ada'], by(ada))
  const { number: updatedBlock, timestamp: registeredAt } = await chain.client.getBlock()
  await chain.registry.write.registerFor([accountOf(bob).address, 'ipfs://bob'])
  await chain.registry.write.register(['ipfs://eve', [{ metadataKey: 'model', metadataValue: '0x01' }]], by(eve))
  await chain.registry.write.register(by(eve))

  const row = await index.agent(1n)
  expect(row).toEqual({
    id: 1n,
    owner: lower(ada),
    agentWallet: lower(ada),
    agentURI: 'ipfs://ada',
    registeredAt,
    registrationLog: expect.stringMatching(/^0x[0-9a-f]{64}:\d+$/),
    stakedAmount: 0n,
    lockedAmount: 0n,
    stakedAt: 0n,
    completions: 0,
    slashes: 0,
    frozen: false,
    banned: false,
    volume: 0n,
    feesPaid: 0n,
    step: 'UNVERIFIED',
    updatedBlock,
    agentURITruncated: false,
    agentURIBlock: updatedBlock,
  })
  expect(await index.agent(2n)).toMatchObject({ owner: lower(bob), agentWallet: lower(bob), agentURI: 'ipfs://bob' })
  expect(await index.agent(3n)).toMatchObject({ owner: lower(eve), agentWallet: lower(eve), agentURI: 'ipfs://eve' })
  expect(await index.agent(4n)).toMatchObject({ owner: lower(eve), agentWallet: lower(eve), agentURI: '' })
})

test('agents change the URI of their registration file', async () => {
  await chain.registry.write.setAgentURI([1n, 'https://ada.example'], by(ada))
  expect(await index.agent(1n)).toMatchObject({ agentURI: 'https://ada.example', owner: lower(ada) })
})

test('agents set and unset a wallet', async () => {
  const wallet = accountOf(6)
  const deadline = (await now()) + 200n
  const signature = await wallet.signTypedData({
    domain: {
      name: 'ERC8004IdentityRegistry',
      version: '1',
      chainId: 31337,
      verifyingContract: chain.registry.address,
    },
    types: {
      AgentWalletSet: [
        { name: 'agentId', type: 'uint256' },
        { name: 'newWallet', type: 'address' },
        { name: 'owner', type: 'address' },
        { name: 'deadline', type: 'uint256' },
      ],
    },
    primaryType: 'AgentWalletSet',
    message: { agentId: 4n, newWallet: wallet.address, owner: accountOf(eve).address, deadline },
  })
  await chain.registry.write.setAgentWallet([4n, wallet.address, deadline, signature], by(eve))
  expect(await index.agent(4n)).toMatchObject({ agentWallet: lower(6), owner: lower(eve) })

  await chain.registry.write.unsetAgentWallet([4n], by(eve))
  expect(await index.agent(4n)).toMatchObject({ agentWallet: null, owner: lower(eve) })
})

test('agents lose their wallet when they are transferred', async () => {
  await chain.registry.write.transferFrom([accountOf(eve).address, accountOf(7).address, 3n], by(eve))
  expect(await index.agent(3n)).toMatchObject({ owner: lower(7), agentWallet: null })
})

test('agents cannot set their wallet with a metadata key that only decodes to the reserved one', async () => {
  // A byte order mark, which a UTF-8 decoder drops.
  const key = '\uFEFFagentWallet'
  await chain.registry.write.setMetadata([2n, key, accountOf(7).address], by(bob))
  await chain.registry.write.setMetadata([2n, 'model', accountOf(7).address], by(bob))
  expect(await index.agent(2n)).toMatchObject({ agentWallet: lower(bob) })
})

test('agents stake and unstake', async () => {
  await chain.staking.write.stake([1n, usd(15)], by(ada))
  expect(await index.agent(1n)).toMatchObject({ stakedAmount: usd(15), stakedAt: 0n })
  await chain.staking.write.stake([1n, usd(10)], by(ada))
  expect(await index.agent(1n)).toMatchObject({ stakedAmount: usd(25), stakedAt: await now() })
  await chain.staking.write.unstake([1n, usd(10)], by(ada))
  expect(await index.agent(1n)).toMatchObject({ stakedAmount: usd(15), stakedAt: 0n })
  await chain.staking.write.stake([1n, usd(45)], by(ada))
  expect(await index.agent(1n)).toMatchObject({ stakedAmount: usd(60), stakedAt: await now() })
})

test('agents can be banned before they are registered', async () => {
  await chain.staking.write.ban([maxUint256], by(stakingOwner))
  expect(await index.agent(maxUint256)).toMatchObject({ banned: true, owner: null, agentURI: null, registeredAt: null })
  await chain.staking.write.unban([maxUint256], by(stakingOwner))
  expect(await index.agent(maxUint256)).toMatchObject({ banned: false, owner: null })

  await chain.staking.write.ban([5n], by(stakingOwner))
  await chain.registry.write.register(['ipfs://banned'], by(eve))
  expect(await index.agent(5n)).toMatchObject({ banned: true, owner: lower(eve), agentURI: 'ipfs://banned' })
})

test('of an agentURI of 10 kB with NUL in it, the first 2 kB are stored', async () => {
  const prefix = 'data:application/json,'
  await chain.registry.write.register([`${prefix}${'\0é'.repeat(4_000)}`], by(eve))
  const agent = { agentURITruncated: true, agentURI: `${prefix}${'\uFFFDé'.repeat(405)}`, owner: lower(eve) }
  expect(await index.agent(6n)).toMatchObject(agent)
})

test('agent rows equal the chain', async () => {
  const tables = await index.tables()
  expectCounts(tables)
  const { agents } = tables
  const ids = agents.map(({ id }) => id)
  expect(ids).toEqual([1n, 2n, 3n, 4n, 5n, 6n, maxUint256])
  expect(agents.map(comparableAgent)).toEqual(await agentsOnChain(chain, ids))
})

const noRuns = Object.fromEntries(runStates.map((state) => [state, 0]))

test('a poster has what it did with its runs', async () => {
  const { client, market } = chain
  const people = participantsOf(chain)
  const hour = 3_600
  const lifetime = 30n * 86_400n
  const waits: number[] = []

  /** Claims the run and delivers, and has each delivery decided so many seconds later. */
  async function work(id: bigint, ...decisions: { after: number; decide: () => Promise<Hash> }[]) {
    await market.write.claimBounty([id, 1n], by(ada))
    for (const { after, decide } of decisions) {
      await market.write.submitWork([id, 'ipfs://work'], by(ada))
      const submittedAt = await now()
      await client.increaseTime({ seconds: after })
      await decide()
      waits.push(Number((await now()) - submittedAt))
    }
  }

  const approved = await people.openRun(usd(100), lifetime)
  await work(approved, { after: hour, decide: () => market.write.approveWork([approved, 0]) })
  const rejected = await people.openRun(usd(200), lifetime)
  const revise = () => market.write.requestRevision([rejected, 'ipfs://feedback'])
  await work(
    rejected,
    { after: hour, decide: revise },
    { after: 5 * hour, decide: revise },
    { after: hour, decide: revise },
    { after: hour, decide: () => market.write.rejectWork([rejected]) },
  )
  await market.write.closeBounty([await people.openRun(usd(50), lifetime)])
  const expired = await people.openRun(usd(50), 60n)
  await client.increaseTime({ seconds: 61 })
  await market.write.expireBounty([expired], by(roles.relayer))
  await people.openRun(usd(50), lifetime)

  const tables = await index.tables()
  expectCounts(tables)
  const longestReview = Math.max(...waits)
  expect(longestReview).toBeGreaterThanOrEqual(5 * hour)
  expect(tables.posters).toEqual([
    {
      address: people.poster,
      ...noRuns,
      APPROVED: 1,
      REJECTED: 1,
      DRAFT: 2,
      OPEN: 1,
      paidByOthers: 0,
      paid: usd(100),
      burned: usd(20),
      expired: 1,
      reviews: 5,
      reviewSeconds: BigInt(waits.reduce((sum, wait) => sum + wait)),
      longestReview: BigInt(longestReview),
    },
  ])
})

test('a run in another’s name says nothing about it, unless its signature paid', async () => {
  const { client, market, usdc, deployment } = chain
  const rival = accountOf(7).address
  const { SignedFunding } = deployment.contracts
  const recordOf = async () => (await index.tables()).posters.find(({ address }) => address === rival)

  /** Posts for the rival, with Bob as evaluator. @returns the run. */
  async function postFor(account: Address) {
    const terms = { ...defaultTerms, evaluator: accountOf(bob).address }
    await usdc.write.mint([account, usd(105)])
    await market.write.postBountyFor([rival, 'ipfs://slander', usd(100), (await now()) + 86_400n, terms], { account })
    return market.read.bountyCount()
  }

  /** The same, and delivers. */
  async function deliverFor(account: Address) {
    const id = await postFor(account)
    await market.write.claimBounty([id, 1n], by(ada))
    await market.write.submitWork([id, 'ipfs://garbage'], by(ada))
    return id
  }

  await usdc.write.approve([market.address, maxUint256], by(bob))
  const slander = await deliverFor(accountOf(bob).address)
  expect(await recordOf()).toMatchObject({ ...noRuns, paidByOthers: 1 })
  await market.write.rejectWork([slander], by(bob))
  const { feesPaid } = await index.agent(1n)
  await market.write.approveWork([await deliverFor(accountOf(bob).address), 0], by(bob))
  const nothing = { paid: 0n, burned: 0n, expired: 0, reviews: 0, reviewSeconds: 0n, longestReview: 0n }
  expect(await recordOf()).toEqual({ address: rival, ...noRuns, ...nothing, paidByOthers: 2 })
  expect((await index.agent(1n)).feesPaid).toBe(feesPaid + usd(5))

  // As SignedFunding, which USDC pays only by the poster's signature.
  await client.impersonateAccount({ address: SignedFunding })
  await client.setBalance({ address: SignedFunding, value: 10n ** 18n })
  await market.write.rejectWork([await deliverFor(SignedFunding)], by(bob))
  expect(await recordOf()).toMatchObject({ ...noRuns, REJECTED: 1, paidByOthers: 2, burned: usd(10), reviews: 1 })

  // What the poster funds again is its own.
  const refunded = await postFor(accountOf(bob).address)
  expect(await recordOf()).toMatchObject({ OPEN: 0, paidByOthers: 3 })
  await market.write.closeBounty([refunded], by(7))
  await chain.fund(rival)
  await market.write.fundBounty([refunded], by(7))
  expect(await recordOf()).toMatchObject({ OPEN: 1, paidByOthers: 2 })
})
