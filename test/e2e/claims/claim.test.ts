import type { Hash } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accountOf, roles } from '../../../tools/devnet/accounts.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { claimApi, codeOf } from './claimApi.ts'

let market: TestMarket
let people: Participants
let api: ReturnType<typeof claimApi>
let agents: Agent[]
let agent: Agent

const stranger = accountOf(15)

beforeAll(async () => {
  market = await startTestMarket()
  people = participantsOf(market)
  api = claimApi(market.api.url)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  agents = await Promise.all(Array.from({ length: 12 }, (_, index) => people.newAgent(accountOf(index + 3))))
}, 120_000)

afterAll(() => market?.stop())

describe('a claim', () => {
  it('is answered with the documented fields, and can be read at once', async () => {
    const runId = await people.openRun()
    const newcomer = await people.newAgent(accountOf(2))
    const { status, body, headers } = await api.claim(runId, newcomer)
    expect(status).toBe(200)
    expect(Object.keys(body)).toEqual([
      'success',
      'run',
      'agent',
      'message',
      'claimId',
      'txHash',
      'blockNumber',
      'finalized',
    ])
    expect(body).toMatchObject({
      success: true,
      run: {
        bountyId: Number(runId),
        state: 'CLAIMED',
        claimedBy: Number(newcomer.id),
        claimedByWallet: newcomer.wallet.address,
        stake: '10000000',
        round: 1,
      },
      agent: { id: Number(newcomer.id), status: 'PROVISIONAL', stakedAmount: '20000000' },
      message: 'Run claimed successfully.',
      finalized: false,
    })
    const receipt = await market.client.getTransactionReceipt({ hash: body.txHash })
    expect(receipt).toMatchObject({ status: 'success', blockNumber: BigInt(body.blockNumber) })
    expect(receipt.from).toBe(accountOf(roles.relayer).address.toLowerCase())
    expect(Number(headers.get('X-Indexed-Block'))).toBeGreaterThanOrEqual(body.blockNumber)
    // The detail has the brief and the poster's record besides.
    expect((await api.get(`/api/runs/${runId}`)).body).toMatchObject(body.run)
    expect(await market.market.read.getBounty([runId])).toMatchObject({
      state: 3,
      agentId: Number(newcomer.id),
      round: 1,
    })
  })

  it('may be signed by the wallet, with the API’s claim message', async () => {
    const signer = await people.newAgent(agent.wallet)
    const runId = await people.openRun()
    await market.indexed()
    const wallet = signer.wallet.address
    const { body: message } = await api.get(
      `/api/runs/${runId}/claim-message?agentId=${signer.id}&walletAddress=${wallet}`,
    )
    const { submit } = message
    const signature = await signer.wallet.signTypedData(message)
    const response = await fetch(`${market.api.url}${submit.path}`, {
      method: submit.method,
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ ...submit.body, signature }),
    })
    expect(response.status).toBe(200)
    const { input } = await market.client.getTransaction({ hash: ((await response.json()) as { txHash: Hash }).txHash })
    expect(input).toContain(String(signature).slice(2))
  })

  it('gets the same 200 when it is repeated, without a second transaction', async () => {
    const runId = await people.openRun()
    const first = await api.claim(runId, agent)
    const relayer = accountOf(roles.relayer).address
    const nonce = await market.client.getTransactionCount({ address: relayer })
    const again = await api.claim(runId, agent)
    expect(again).toMatchObject({ status: 200, body: first.body })
    expect(await market.client.getTransactionCount({ address: relayer })).toBe(nonce)
  })

  it('is one claim when it is sent ten times concurrently', async () => {
    const other = await people.newAgent(agent.wallet)
    const runId = await people.openRun()
    const answers = await Promise.all(Array.from({ length: 10 }, () => api.claim(runId, other)))
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(new Set(answers.map(({ body }) => `${body.claimId} ${body.txHash}`)).size).toBe(1)
  })
})

describe('many concurrent claims', () => {
  it('of one run: one of twelve wins; the others are refused with the winner, without a transaction', async () => {
    const runId = await people.openRun()
    const relayer = accountOf(roles.relayer).address
    const nonce = await market.client.getTransactionCount({ address: relayer })
    const answers = await Promise.all(agents.map((each) => api.claim(runId, each)))
    const [winner, ...none] = answers.filter(({ status }) => status === 200)
    const losers = answers.filter(({ status }) => status !== 200)
    expect(none).toEqual([])
    if (!winner) throw new Error('No claim was won')
    const { claimedBy, claimedByWallet } = winner.body.run
    expect(losers.map(({ status, body }) => [status, body.code, body.claimedBy, body.holder])).toEqual(
      Array(11).fill([400, 'RUN_NOT_OPEN', claimedBy, claimedByWallet]),
    )
    expect(await market.client.getTransactionCount({ address: relayer })).toBe(nonce + 1)
  })

  it('of fifty runs are all won, and no transaction reverts', async () => {
    const runIds = await Promise.all(Array.from({ length: 50 }, () => people.openRun(usdc)))
    const answers = await Promise.all(
      runIds.map((runId, index) => api.claim(runId, agents[index % agents.length] ?? agent)),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200))
    expect(answers.map(({ body }) => BigInt(body.run.bountyId))).toEqual(runIds)
    const hashes = [...new Set(answers.map(({ body }) => body.txHash))]
    const receipts = await Promise.all(hashes.map((hash) => market.client.getTransactionReceipt({ hash })))
    expect(receipts.map(({ status }) => status)).toEqual(hashes.map(() => 'success'))
    expect(hashes.length).toBeLessThan(50)
  })

  it('of one agent do not lock more than its stake', async () => {
    const poor = await people.newAgent(stranger)
    const runIds = await Promise.all(Array.from({ length: 5 }, () => people.openRun(100n * usdc)))
    const answers = await Promise.all(runIds.map((runId) => api.claim(runId, poor)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 403, 403, 403])
    expect(answers.filter(({ status }) => status === 403).map(({ body }) => body.code)).toEqual(
      Array(3).fill('INSUFFICIENT_UNLOCKED_STAKE'),
    )
  })
})

describe('after a slash', () => {
  it('the run can be claimed again, the last round’s signature is invalid, and the slashed agent is frozen', async () => {
    const runId = await people.openRun(usdc, 300n * 86_400n)
    const slow = await people.newAgent(stranger)
    const word = await people.sign(runId, slow)
    const first = await api.claim(runId, slow, word)
    expect(first.status).toBe(200)
    await market.client.increaseTime({ seconds: 7 * 86_400 + 1 })
    await market.client.mine({ blocks: 1 })
    await people.mined(() => market.market.write.slashExpired([runId]))
    await market.indexed()

    expect(codeOf(await api.claim(runId, slow))).toEqual([403, 'AGENT_FROZEN'])
    expect(codeOf(await api.claim(runId, slow, word))).toEqual([401, 'SIGNATURE_EXPIRED'])
    const replayed = await people.sign(runId, slow, { round: 1n })
    expect(codeOf(await api.claim(runId, slow, replayed))).toEqual([401, 'INVALID_SIGNATURE'])
    expect((await api.eligibility(runId, slow)).body).toMatchObject({
      eligible: false,
      reasonCodes: ['AGENT_FROZEN', 'INSUFFICIENT_STAKE'],
    })

    const second = await api.claim(runId, agent, await people.sign(runId, agent))
    expect(second).toMatchObject({ status: 200, body: { run: { round: 2, claimedBy: Number(agent.id) } } })
    expect(second.body.claimId).not.toBe(first.body.claimId)
  })
})

describe('the deadline', () => {
  it('has passed one second later, for both eligibility and claim', async () => {
    const runId = await people.openRun(usdc, 30n)
    const { deadline } = await market.market.read.getBounty([runId])
    await market.client.setNextBlockTimestamp({ timestamp: BigInt(deadline) + 1n })
    await market.client.mine({ blocks: 1 })
    await market.indexed()
    const { body } = await api.eligibility(runId, agent)
    expect(body.reasonCodes).toEqual(['RUN_DEADLINE_PASSED'])
    expect(codeOf(await api.claim(runId, agent))).toEqual([400, 'RUN_DEADLINE_PASSED'])
  })
})
