import { encodeFunctionData, type Hex, keccak256, maxUint256, stringToHex, toHex } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accountOf, roles } from '../../devnet/accounts.ts'
import { freshDatabase } from '../support/database.ts'
import { agentsOnChain, comparableAgent, comparableRun, runsOnChain } from './chainState.ts'
import { type Index, startIndexOf } from './indexOf.ts'
import { expectedRunEvents } from './marketLogs.ts'
import { type MarketOnAnvil, startMarketOnAnvil } from './marketOnAnvil.ts'

const day = 86_400
const usd = (amount: number) => BigInt(amount * 1e6)
const by = (index: number) => ({ account: accountOf(index).address })
const lower = (index: number) => accountOf(index).address.toLowerCase()

const poster = 2
const [ada, bob, eve] = [3, 4, 5]
const stakingOwner = roles.owner

let chain: MarketOnAnvil
let index: Index

beforeAll(async () => {
  chain = await startMarketOnAnvil()
  index = await startIndexOf(chain, await freshDatabase())
  const { usdc, staking, market } = chain
  for (const account of [poster, ada, bob, eve]) {
    await usdc.write.mint([accountOf(account).address, usd(100_000)])
    for (const { address } of [staking, market]) await usdc.write.approve([address, maxUint256], by(account))
  }
})

afterAll(async () => {
  await index?.stop()
  await chain?.stop()
})

const now = async () => (await chain.client.getBlock()).timestamp
const pass = (seconds: number) => chain.client.increaseTime({ seconds })
const inAMonth = async () => (await now()) + BigInt(30 * day)

async function post(ipfsHash: string, reward: bigint) {
  await chain.market.write.postBounty([ipfsHash, reward, await inAMonth()], by(poster))
  return chain.market.read.bountyCount()
}

/** The row of a run once the index has seen all. */
async function runRow(bountyId: bigint) {
  await index.settle()
  const row = (await index.tables()).runs.find((candidate) => candidate.bountyId === bountyId)
  if (!row) throw new Error(`No row of run ${bountyId}`)
  return row
}

async function agentRow(id: bigint) {
  await index.settle()
  const row = (await index.tables()).agents.find((candidate) => candidate.id === id)
  if (!row) throw new Error(`No row of agent ${id}`)
  return row
}

describe('agents', () => {
  it('are registered, by themselves and by others', async () => {
    await chain.registry.write.register(['ipfs://ada'], by(ada))
    const registeredAt = await now()
    await chain.registry.write.registerFor([accountOf(bob).address, 'ipfs://bob'])
    await chain.registry.write.register(['ipfs://eve', [{ metadataKey: 'model', metadataValue: '0x01' }]], by(eve))
    await chain.registry.write.register(by(eve))

    const row = await agentRow(1n)
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
    })
    expect(await agentRow(2n)).toMatchObject({ owner: lower(bob), agentWallet: lower(bob), agentURI: 'ipfs://bob' })
    expect(await agentRow(3n)).toMatchObject({ owner: lower(eve), agentWallet: lower(eve), agentURI: 'ipfs://eve' })
    expect(await agentRow(4n)).toMatchObject({ owner: lower(eve), agentWallet: lower(eve), agentURI: '' })
  })

  it('move their registration file', async () => {
    await chain.registry.write.setAgentURI([1n, 'https://ada.example'], by(ada))
    expect(await agentRow(1n)).toMatchObject({ agentURI: 'https://ada.example', owner: lower(ada) })
  })

  it('set and unset a wallet', async () => {
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
    expect(await agentRow(4n)).toMatchObject({ agentWallet: lower(6), owner: lower(eve) })

    await chain.registry.write.unsetAgentWallet([4n], by(eve))
    expect(await agentRow(4n)).toMatchObject({ agentWallet: null, owner: lower(eve) })
  })

  it('lose their wallet when they change hands', async () => {
    await chain.registry.write.transferFrom([accountOf(eve).address, accountOf(7).address, 3n], by(eve))
    expect(await agentRow(3n)).toMatchObject({ owner: lower(7), agentWallet: null })
  })

  it('cannot forge their wallet with a key that only reads like the reserved one', async () => {
    // What a decoder of UTF-8 drops: the byte order mark.
    const key = '\uFEFFagentWallet'
    await chain.registry.write.setMetadata([2n, key, accountOf(7).address], by(bob))
    await chain.registry.write.setMetadata([2n, 'model', accountOf(7).address], by(bob))
    expect(await agentRow(2n)).toMatchObject({ agentWallet: lower(bob) })
  })

  it('stake and unstake', async () => {
    await chain.staking.write.stake([1n, usd(15)], by(ada))
    expect(await agentRow(1n)).toMatchObject({ stakedAmount: usd(15), stakedAt: 0n })
    await chain.staking.write.stake([1n, usd(10)], by(ada))
    expect(await agentRow(1n)).toMatchObject({ stakedAmount: usd(25), stakedAt: await now() })
    await chain.staking.write.unstake([1n, usd(10)], by(ada))
    expect(await agentRow(1n)).toMatchObject({ stakedAmount: usd(15), stakedAt: 0n })
    await chain.staking.write.stake([2n, usd(40)], by(bob))
    await chain.staking.write.stake([1n, usd(45)], by(ada))
    expect(await agentRow(1n)).toMatchObject({ stakedAmount: usd(60), stakedAt: await now() })
  })

  it('are banned, also before they exist', async () => {
    await chain.staking.write.ban([maxUint256], by(stakingOwner))
    expect(await agentRow(maxUint256)).toMatchObject({ banned: true, owner: null, agentURI: null, registeredAt: null })
    await chain.staking.write.unban([maxUint256], by(stakingOwner))
    expect(await agentRow(maxUint256)).toMatchObject({ banned: false, owner: null })

    await chain.staking.write.ban([5n], by(stakingOwner))
    await chain.registry.write.register(['ipfs://banned'], by(eve))
    expect(await agentRow(5n)).toMatchObject({ banned: true, owner: lower(eve), agentURI: 'ipfs://banned' })
  })
})

describe('a run', () => {
  it('goes through every state to its rejection', async () => {
    const { market } = chain
    const deadline = await inAMonth()
    await market.write.createBounty(['ipfs://terms', usd(100), deadline], by(poster))
    const createdAt = await now()
    const draft = {
      bountyId: 1n,
      posterAddress: lower(poster),
      ipfsHash: 'ipfs://terms',
      reward: usd(100),
      fee: usd(5),
      deadline,
      state: 'DRAFT',
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
      round: 0,
      createdAt,
    }
    expect(await runRow(1n)).toEqual(draft)

    await market.write.fundBounty([1n], by(poster))
    expect(await runRow(1n)).toEqual({ ...draft, state: 'OPEN' })
    await market.write.withdrawBounty([1n], by(poster))
    expect(await runRow(1n)).toEqual(draft)
    await market.write.fundBounty([1n], by(poster))

    await market.write.claimBounty([1n, 1n], by(ada))
    const claimedAt = await now()
    const claim = { claimedBy: 1n, claimedByWallet: lower(ada), stake: usd(10), claimedAt, round: 1 }
    const claimed = { ...draft, ...claim, state: 'CLAIMED', submitBy: claimedAt + BigInt(7 * day) }
    expect(await runRow(1n)).toEqual(claimed)
    expect(await agentRow(1n)).toMatchObject({ lockedAmount: usd(10) })

    await market.write.startWork([1n], by(ada))
    expect(await runRow(1n)).toEqual({ ...claimed, state: 'IN_PROGRESS' })

    for (const revisions of [1, 2, 3]) {
      const deliverableHash = `ipfs://work${revisions}`
      await market.write.submitWork([1n, deliverableHash], by(ada))
      const submittedAt = await now()
      const feedbackHash = revisions === 1 ? null : `ipfs://feedback${revisions - 1}`
      const work = { deliverableHash, submittedAt, submitBy: null, reviewBy: submittedAt + BigInt(7 * day) }
      const reviewed = { ...claimed, ...work, feedbackHash, revisions: revisions - 1 }
      expect(await runRow(1n)).toEqual({ ...reviewed, state: 'SUBMITTED' })

      await market.write.requestRevision([1n, `ipfs://feedback${revisions}`], by(poster))
      const submitBy = (await now()) + BigInt(7 * day)
      const request = { feedbackHash: `ipfs://feedback${revisions}`, submitBy, reviewBy: null, revisions }
      expect(await runRow(1n)).toEqual({ ...reviewed, ...request, state: 'REVISION_REQUESTED' })
    }

    await market.write.submitWork([1n, 'ipfs://work4'], by(ada))
    const submittedAt = await now()
    await market.write.rejectWork([1n], by(poster))
    expect(await runRow(1n)).toEqual({
      ...draft,
      ...claim,
      state: 'REJECTED',
      deliverableHash: 'ipfs://work4',
      feedbackHash: 'ipfs://feedback3',
      submittedAt,
      endedAt: await now(),
      revisions: 3,
    })
    expect(await agentRow(1n)).toMatchObject({ stakedAmount: usd(50), lockedAmount: 0n, completions: 0, frozen: false })
  })

  it('is approved, and what USDC refuses to pay is owed until it is collected', async () => {
    const { market, usdc } = chain
    const bountyId = await post('ipfs://approved', usd(300))
    await market.write.claimBounty([bountyId, 1n], by(ada))
    expect(await runRow(bountyId)).toMatchObject({ stake: usd(20) })
    await market.write.submitWork([bountyId, 'ipfs://done'], by(ada))
    await usdc.write.blacklist([accountOf(ada).address])
    await market.write.approveWork([bountyId], by(poster))
    expect(await runRow(bountyId)).toMatchObject({
      state: 'APPROVED',
      endedAt: await now(),
      reviewBy: null,
      stake: usd(20),
    })
    expect(await agentRow(1n)).toMatchObject({ lockedAmount: 0n, completions: 1, volume: usd(300) })
    expect((await index.tables()).payees).toEqual([{ address: lower(ada), owed: usd(300) }])

    const second = await post('ipfs://approved too', usd(20))
    await market.write.claimBounty([second, 1n], by(ada))
    await market.write.submitWork([second, 'ipfs://done'], by(ada))
    await market.write.approveWork([second], by(poster))
    await index.settle()
    expect((await index.tables()).payees).toEqual([{ address: lower(ada), owed: usd(320) }])

    await usdc.write.unBlacklist([accountOf(ada).address])
    await market.write.collect([accountOf(ada).address])
    await index.settle()
    expect((await index.tables()).payees).toEqual([{ address: lower(ada), owed: 0n }])
  })

  it('is approved by time', async () => {
    const { market } = chain
    const bountyId = await post('ipfs://timeout', usd(50))
    await market.write.claimBounty([bountyId, 1n], by(ada))
    await market.write.submitWork([bountyId, 'ipfs://done'], by(ada))
    await pass(8 * day)
    await market.write.finalizeReview([bountyId], by(eve))
    expect(await runRow(bountyId)).toMatchObject({ state: 'APPROVED', endedAt: await now(), reviewBy: null })
    expect(await agentRow(1n)).toMatchObject({ completions: 3, volume: usd(370) })
  })

  it('is open again after a slash, and a draft where the poster withdraws at once', async () => {
    const { market, staking } = chain
    const bountyId = await post('ipfs://slashed', usd(100))
    await market.write.claimBounty([bountyId, 2n], by(bob))
    await market.write.submitWork([bountyId, 'ipfs://first'], by(bob))
    await market.write.requestRevision([bountyId, 'ipfs://again'], by(poster))
    await pass(8 * day)
    await market.write.slashExpired([bountyId], by(poster))
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
    expect(await runRow(bountyId)).toMatchObject({ ...unclaimed, state: 'OPEN', round: 1 })
    expect(await agentRow(2n)).toMatchObject({ frozen: true, slashes: 1, stakedAmount: usd(30), lockedAmount: 0n })
    expect(await agentRow(2n)).toMatchObject({ stakedAt: 0n, banned: false })

    await staking.write.stake([2n, usd(1)], by(bob))
    expect(await agentRow(2n)).toMatchObject({ frozen: false, stakedAmount: usd(31), stakedAt: await now() })
    await market.write.claimBounty([bountyId, 2n], by(bob))
    expect(await runRow(bountyId)).toMatchObject({ state: 'CLAIMED', round: 2, claimedAt: await now() })
    await market.write.startWork([bountyId], by(bob))
    await pass(8 * day)
    await market.write.slashAndWithdraw([bountyId], by(poster))
    expect(await runRow(bountyId)).toMatchObject({ ...unclaimed, state: 'DRAFT', round: 2 })
  })

  it('keeps the claims that a batch refused, and those of no run away', async () => {
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
    // Estimated, it would be the least with which the transaction succeeds: enough for no item at all.
    await market.write.claimBatch([claims], { ...by(roles.relayer), gas: 5_000_000n })
    expect(await runRow(open)).toMatchObject({ state: 'CLAIMED', claimedByWallet: lower(ada) })

    const refused = (await index.tables()).runEvents.filter(({ name }) => name === 'ClaimRefused')
    const notOpen = keccak256(stringToHex('BountyNotOpen(uint256,uint8)')).slice(0, 10)
    expect(refused).toMatchObject([
      { bountyId: open, agentId: 1n, address: lower(ada), reason: expect.stringContaining(notOpen) },
      { bountyId: open, agentId: maxUint256, address: lower(ada), reason: expect.stringContaining(notOpen) },
    ])
  })

  it('holds what strangers wrote into it', async () => {
    const { market } = chain
    const texts = ['\0', 'a\0b', '\\N', '\\.', 'tab\tnew\nline\r\\', `'; DROP TABLE run; --`, '🦄‮\u{10FFFF}', ' ']
    const ids: bigint[] = []
    for (const text of texts) ids.push(await post(text, usd(1)))
    // Bytes that are no UTF-8 cannot be written as a string: they take the place of a string as long.
    const placeholder = 'ÿÿ'
    const data = encodeFunctionData({
      abi: market.abi,
      functionName: 'createBounty',
      args: [placeholder, usd(1), await inAMonth()],
    })
    const bytes: Hex = '0xff00fe80'
    await chain.client.sendTransaction({
      ...by(poster),
      to: market.address,
      data: data.replace(toHex(placeholder).slice(2), bytes.slice(2)) as Hex,
    })
    await index.settle()
    const rows = (await index.tables()).runs.slice(-texts.length - 1)
    expect(rows.map(({ ipfsHash }) => ipfsHash)).toEqual([
      ...texts.map((text) => text.replaceAll('\0', '\uFFFD')),
      '\uFFFD'.repeat(4),
    ])
    expect(rows.map(({ bountyId }) => bountyId).slice(0, -1)).toEqual(ids)
  })
})

describe('an agent', () => {
  it('may have a registration file of 10 kB with NUL in it', async () => {
    const agentURI = `data:application/json,${'\0é'.repeat(4_000)}`
    await chain.registry.write.register([agentURI], by(eve))
    expect(await agentRow(6n)).toMatchObject({ agentURI: agentURI.replaceAll('\0', '\uFFFD'), owner: lower(eve) })
  })

  it('is banned by its third slash', async () => {
    const { market, staking } = chain
    await staking.write.stake([2n, usd(40)], by(bob))
    const bountyId = await post('ipfs://third', usd(10))
    await market.write.claimBounty([bountyId, 2n], by(bob))
    await pass(8 * day)
    await market.write.slashExpired([bountyId], by(poster))
    expect(await agentRow(2n)).toMatchObject({ slashes: 3, frozen: true, banned: true, lockedAmount: 0n })
  })
})

describe('all of it', () => {
  it('equals the chain', async () => {
    const bountyId = await post('ipfs://in review', usd(40))
    await chain.market.write.claimBounty([bountyId, 1n], by(ada))
    await chain.market.write.submitWork([bountyId, 'ipfs://to review'], by(ada))
    await index.settle()
    const { runs, agents, payees } = await index.tables()
    expect(runs.map(comparableRun)).toEqual(await runsOnChain(chain))
    const ids = agents.map(({ id }) => id)
    expect(ids).toEqual([1n, 2n, 3n, 4n, 5n, 6n, maxUint256])
    expect(agents.map(comparableAgent)).toEqual(await agentsOnChain(chain, ids))
    for (const { id, volume } of agents) {
      const paid = runs.filter(({ state, claimedBy }) => state === 'APPROVED' && claimedBy === id)
      expect(volume).toBe(paid.reduce((sum, { reward }) => sum + reward, 0n))
    }
    for (const { address, owed } of payees) expect(owed).toBe(await chain.market.read.owed([address]))
  })

  it('has a timeline of every log of a run', async () => {
    const { runs, runEvents } = await index.tables()
    expect(runEvents).toEqual(await expectedRunEvents(chain, runs))
    expect(new Set(runEvents.map(({ name }) => name))).toEqual(
      new Set([
        'BountyCreated',
        'BountyFunded',
        'BountyWithdrawn',
        'BountyClaimed',
        'ClaimRefused',
        'WorkStarted',
        'WorkSubmitted',
        'RevisionRequested',
        'BountyApproved',
        'BountyRejected',
        'ClaimSlashed',
      ]),
    )
  })
})
