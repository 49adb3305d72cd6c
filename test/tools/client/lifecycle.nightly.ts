import { createWalletClient, http, type LocalAccount } from 'viem'
import { foundry } from 'viem/chains'
import { beforeAll, describe, expect, it } from 'vitest'
import { createRunlineClient, createRunlineReads, isRevert } from '../../../packages/client/src/index.ts'
import { accountOf, roles } from '../../../tools/devnet/accounts.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'

let market: TestMarket
let people: Participants
let agent: Agent

beforeAll(async () => {
  market = await startTestMarket()
  people = participantsOf(market)
  agent = await people.newAgent(accountOf(2), 0n)
  await people.mined(() => market.usdc.write.mint([agent.wallet.address, 1_000n * usdc]))
  return market.stop
}, 120_000)

/** The client of an account. */
const clientOf = (account: LocalAccount, chain = foundry) =>
  createRunlineClient({
    url: market.api.url,
    market: { chainId: market.chainId, address: market.market.address },
    wallet: createWalletClient({ account, chain, transport: http(market.rpcUrl), pollingInterval: 50 }),
  })

describe('the client', () => {
  it('stakes, claims, delivers, asks for a revision, and pays', async () => {
    const worker = clientOf(agent.wallet)
    const poster = clientOf(accountOf(roles.deployer))
    const staked = await worker.agents.stake(agent.id, 20n * usdc)
    expect(await worker.agents.getStakeInfo(agent.id, { minBlock: staked.blockNumber })).toMatchObject({
      stakedAmount: '20000000',
      canClaimRuns: true,
    })
    const runId = await people.openRun()
    await market.indexed()
    expect(await worker.agents.canClaimRun({ agentId: agent.id, runId })).toMatchObject({ eligible: true })
    expect(await worker.runs.claim(runId, { agentId: agent.id, signer: agent.wallet })).toMatchObject({ success: true })
    await worker.runs.start(runId)
    await worker.runs.submit(runId, 'ipfs://work')
    await poster.runs.revise(runId, 0, 'ipfs://feedback')
    await worker.runs.submit(runId, 'ipfs://revised')
    const stale = 'WrongRevision'
    await expect(poster.runs.approve(runId, 0)).rejects.toThrow(stale)
    await expect(poster.runs.revise(runId, 0, 'ipfs://feedback')).rejects.toThrow(stale)
    await expect(poster.runs.reject(runId, 0)).rejects.toThrow(stale)
    const { blockNumber, txHash } = await poster.runs.approve(runId, 1)
    expect(txHash).toMatch(/^0x[0-9a-f]{64}$/)
    expect(await poster.runs.get(runId, { minBlock: blockNumber })).toMatchObject({
      state: 'APPROVED',
      deliverableHash: 'ipfs://revised',
      revisions: 1,
    })
  })

  it('names the contract’s reason for a call that would revert, and sends nothing', async () => {
    const runId = await people.openRun()
    const before = await market.client.getTransactionCount({ address: agent.wallet.address })
    const error = await clientOf(agent.wallet)
      .runs.submit(runId, 'ipfs://work')
      .catch((reason: unknown) => reason)
    expect([isRevert(error, 'InvalidState'), isRevert(error), isRevert(error, 'WrongRevision')]).toEqual([
      true,
      true,
      false,
    ])
    expect(String(error)).toMatch(/^RevertError: submitWork would revert: InvalidState\(\d+.*\)\. Nothing was sent\.$/)
    await expect(clientOf(accountOf(roles.deployer)).runs.reject(runId, 0)).rejects.toThrow('InvalidState')
    expect(await market.client.getTransactionCount({ address: agent.wallet.address })).toBe(before)
  })

  it('sends nothing from a wallet that is on another chain', async () => {
    const elsewhere = createRunlineClient({
      url: market.api.url,
      market: { chainId: 1, address: market.market.address },
      wallet: createWalletClient({ account: agent.wallet, transport: http(market.rpcUrl) }),
    })
    await expect(elsewhere.agents.stake(agent.id, usdc)).rejects.toThrow(
      'The wallet is on chain 31337, the market on 1.',
    )
  })

  it('iterates over all pages of a list', async () => {
    for (let run = 0; run < 5; run++) await people.openRun(usdc)
    await people.newAgent(accountOf(5), 0n)
    await market.indexed()
    const { runs, agents } = createRunlineClient({ url: market.api.url })
    const { pagination } = await runs.list({ limit: 2 })
    const ids = []
    for await (const { bountyId } of runs.all({ limit: 2, sort: 'createdAt', order: 'asc' })) ids.push(bountyId)
    expect(ids).toEqual(Array.from({ length: pagination.total }, (_, index) => index + 1))
    const found = []
    for await (const { id } of agents.all({ limit: 1 })) found.push(id)
    expect(found.length).toBe((await agents.list()).pagination.total)
    expect((await agents.get(found[0] ?? 0)).id).toBe(found[0])
  })

  it('abandons a claim', async () => {
    const worker = clientOf(agent.wallet)
    const runId = await people.openRun()
    await market.indexed()
    const { claimId } = await worker.runs.claim(runId, { agentId: agent.id, signer: agent.wallet })
    expect(['mined', 'final']).toContain((await worker.claims.get(claimId)).state)
    const { blockNumber } = await worker.runs.abandon(runId)
    expect((await worker.runs.get(runId, { minBlock: blockNumber })).state).toBe('OPEN')
    const { events } = await worker.runs.events(runId)
    expect(events.map(({ name }) => name)).toContain('ClaimAbandoned')
  })

  it('reads the market in numbers', async () => {
    const { getStats, getStatsHistory, runs } = createRunlineReads({ url: market.api.url })
    expect((await getStats()).runs.total).toBe((await runs.list()).pagination.total)
    expect((await getStatsHistory()).history.length).toBeGreaterThan(0)
  })

  it('reads the contracts and terms of the market', async () => {
    const { chainId, contracts, terms } = await createRunlineClient({ url: market.api.url }).getMarket()
    expect([chainId, contracts.BountyMarket.address, terms.minimumStake]).toEqual([
      31337,
      market.market.address,
      '20000000',
    ])
  })

  it('repeats a read until the index has the block', async () => {
    const block = Number(await market.client.getBlockNumber()) + 3
    const { runs } = createRunlineClient({ url: market.api.url })
    const read = runs.get(1, { minBlock: block })
    await market.client.mine({ blocks: 3 })
    expect((await read).bountyId).toBe(1)
  })
})

it('a minBlock far beyond the chain is refused; a nearer one is waited for', async () => {
  const latest = Number(await market.client.getBlockNumber())
  const read = async (minBlock: number) => {
    const start = performance.now()
    const response = await fetch(`${market.api.url}/api/runs?minBlock=${minBlock}`)
    const { code, detail } = (await response.json()) as { code: string; detail: string }
    return { status: response.status, code, detail, seconds: (performance.now() - start) / 1_000 }
  }
  const detail = expect.stringMatching(
    new RegExp(`^minBlock: must be at most 10000 beyond the chain's latest block \\d+, got "${latest + 20_000}"\\.$`),
  )
  expect(await read(latest + 20_000)).toMatchObject({ status: 400, code: 'VALIDATION_FAILED', detail })
  const behind = await read(latest + 9_000)
  expect(behind).toMatchObject({ status: 503, code: 'INDEX_BEHIND' })
  expect(behind.seconds).toBeGreaterThan(4)
})
