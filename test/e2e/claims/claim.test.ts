import { type Hash, maxUint256, parseEventLogs } from 'viem'
import { beforeAll, describe, expect, it } from 'vitest'
import { accountCount, accountOf, roles } from '../../../tools/devnet/accounts.ts'
import { sharedMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { claimApi } from './claimApi.ts'

let market: TestMarket
let people: Participants
let api: ReturnType<typeof claimApi>
let agent: Agent

const stranger = accountOf(15)

beforeAll(async () => {
  market = await sharedMarket('unsigned')
  people = participantsOf(market)
  api = claimApi(market.api.url)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
}, 120_000)

const relayer = accountOf(roles.relayer).address
const nonce = () => market.client.getTransactionCount({ address: relayer })

/** Agents of Anvil's accounts. Each account sends its own transactions, so that those of all accounts are sent at once. */
async function newAgents(count: number): Promise<Agent[]> {
  const { usdc: token, registry, staking } = market
  const wallets = Array.from({ length: accountCount - 3 }, (_, place) => accountOf(2 + place))
  const made = wallets.map(async (wallet, place) => {
    const account = wallet.address
    const { mined } = participantsOf(market)
    await mined(() => token.write.mint([account, BigInt(count) * 20n * usdc], { account }))
    await mined(() => token.write.approve([staking.address, maxUint256], { account }))
    const agents: Agent[] = []
    for (let index = place; index < count; index += wallets.length) {
      const { logs } = await mined(() => registry.write.registerFor([account, 'ipfs://agent'], { account }))
      const [registered] = parseEventLogs({ abi: registry.abi, eventName: 'Registered', logs })
      const id = registered?.args.agentId ?? 0n
      await mined(() => staking.write.stake([id, 20n * usdc], { account }))
      agents.push({ id, wallet })
    }
    return agents
  })
  return (await Promise.all(made)).flat()
}

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
    const before = await nonce()
    const again = await api.claim(runId, agent)
    expect(again).toMatchObject({ status: 200, body: first.body })
    expect(await nonce()).toBe(before)
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
  it('of one run by a hundred agents: one wins, the others are refused without a transaction', {
    timeout: 180_000,
  }, async () => {
    const agents = await newAgents(100)
    const runId = await people.openRun()
    const before = await nonce()
    const answers = await Promise.all(agents.map((each) => api.claim(runId, each)))
    const [winner, ...none] = answers.filter(({ status }) => status === 200)
    const losers = answers.filter(({ status }) => status !== 200)
    expect(none).toEqual([])
    const { claimedBy, claimedByWallet } = winner?.body.run ?? {}
    expect(losers.map(({ status, body }) => [status, body.code, body.claimedBy, body.holder])).toEqual(
      Array(99).fill([400, 'RUN_NOT_OPEN', claimedBy, claimedByWallet]),
    )
    expect((await market.market.read.getBounty([runId])).agentId).toBe(Number(claimedBy))
    expect(await nonce()).toBe(before + 1)
    expect(await market.client.getTransactionReceipt({ hash: winner?.body.txHash })).toMatchObject({
      status: 'success',
    })
  })

  it('of fifty runs are all won, and no transaction reverts', async () => {
    const runIds = await Promise.all(Array.from({ length: 50 }, () => people.openRun(usdc)))
    const agents = await newAgents(3)
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
