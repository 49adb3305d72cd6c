import { randomUUID } from 'node:crypto'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { type Api, startApi } from '../../../tools/devnet/api.ts'
import { sharedMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'

const relayer = accountOf(roles.relayer).address

let market: TestMarket
let replicas: Pick<Api, 'url'>[]
let people: Participants
let agent: Agent

/** Two replicas with the same database and key. */
beforeAll(async () => {
  market = await sharedMarket('unsigned')
  const second = await startApi({ ...market, port: 0, relayerKey: keyOf(roles.relayer) })
  replicas = [market.api, second]
  people = participantsOf(market)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  return second.stop
}, 120_000)

async function post(
  replica: number,
  runId: bigint,
  { id, wallet }: Agent,
  key?: string,
  more: object = {},
  headers: Record<string, string> = {},
) {
  const response = await fetch(`${replicas[replica % 2]?.url}/api/runs/${runId}/claim`, {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/json', ...(key && { 'Idempotency-Key': key }) },
    body: JSON.stringify({ agentId: Number(id), walletAddress: wallet.address, ...more }),
  })
  // biome-ignore lint/suspicious/noExplicitAny: the assertions check it
  return { status: response.status, body: (await response.json()) as any }
}

const nonce = () => market.client.getTransactionCount({ address: relayer })
const times = <T>(count: number, make: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => make(index)))

describe('the same claim, sent fifty times concurrently to two replicas', () => {
  it.each([
    ['without an Idempotency-Key', () => undefined],
    ['with the same Idempotency-Key', () => 'one-key'],
    ['with different Idempotency-Keys', () => randomUUID()],
  ])('%s, is one transaction with fifty equal answers', async (_, keyOfRequest) => {
    const runId = await people.openRun(usdc)
    const before = await nonce()
    const answers = await times(50, (index) => post(index, runId, agent, keyOfRequest()))
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200))
    expect(new Set(answers.map(({ body }) => `${body.claimId} ${body.txHash}`)).size).toBe(1)
    expect(await nonce()).toBe(before + 1)
  })

  it('with one key but a different claim each time: one is made, the others conflict', async () => {
    const runIds = await times(10, () => people.openRun(usdc))
    const before = await nonce()
    const key = randomUUID()
    const answers = await Promise.all(runIds.map((runId, index) => post(index, runId, agent, key)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(422)])
    expect(
      answers.filter(({ status }) => status === 422).every(({ body }) => body.code === 'IDEMPOTENCY_CONFLICT'),
    ).toBe(true)
    expect(await nonce()).toBe(before + 1)
  })
})

describe('an Idempotency-Key', () => {
  it('with another body is a conflict, also after the claim is won', async () => {
    const runId = await people.openRun(usdc)
    const another = await people.openRun(usdc)
    const key = randomUUID()
    expect((await post(0, runId, agent, key)).status).toBe(200)
    const conflict = await post(1, another, agent, key)
    expect([conflict.status, conflict.body.code]).toEqual([422, 'IDEMPOTENCY_CONFLICT'])
    expect((await post(1, runId, agent, key)).status).toBe(200)
  })

  it('of a claim that was refused before it was signed can be used again', async () => {
    const runId = await people.openRun(usdc)
    const key = randomUUID()
    const newcomer = await people.newAgent(accountOf(4), 0n)
    expect((await post(0, runId, newcomer, key)).body.code).toBe('INSUFFICIENT_STAKE')
    await people.stake(newcomer, 20n * usdc)
    expect((await post(1, runId, newcomer, key)).status).toBe(200)
  })

  it.each(['', 'a'.repeat(256), 'with a space'])('%j is refused, with its value', async (key) => {
    const response = await fetch(`${market.api.url}/api/runs/1/claim`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
      body: JSON.stringify({ agentId: 1, walletAddress: agent.wallet.address }),
    })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 'VALIDATION_FAILED', field: 'idempotency-key' })
  })
})

describe('without a key, a pending claim', () => {
  async function resumeMining() {
    await market.client.setAutomine(true)
    await market.client.setIntervalMining({ interval: 1 })
  }
  // Other files use this market, also after a test that failed.
  afterEach(resumeMining)

  it('is the answer to another signature of its agent and wallet, which sends nothing', async () => {
    const runId = await people.openRun(usdc)
    await market.client.setAutomine(false)
    await market.client.setIntervalMining({ interval: 0 })
    const first = post(0, runId, agent, undefined, await people.sign(runId, agent))
    await expect.poll(async () => (await market.client.getTxpoolStatus()).pending).toBe(1)
    const deadline = (await people.now()) + 700n
    const changed = await people.sign(runId, agent, { deadline })
    const pending = await post(1, runId, agent, undefined, changed, { Prefer: 'wait=1' })
    expect([pending.status, pending.body.status]).toEqual([202, 'accepted'])
    const forged = { ...changed, signature: `0x${'11'.repeat(65)}` }
    expect((await post(1, runId, agent, undefined, forged)).body.code).toBe('INVALID_SIGNATURE')
    expect((await market.client.getTxpoolStatus()).pending).toBe(1)
    const waiting = post(1, runId, agent, 'another-key', changed)
    await resumeMining()
    for (const { status, body } of [await first, await waiting]) {
      expect([status, body.claimId, body.txHash]).toEqual([200, pending.body.claimId, pending.body.txHash])
    }
  })

  it('that was answered is no answer to a signature of another round: the chain decides', async () => {
    await market.client.setIntervalMining({ interval: 0 })
    await market.client.setAutomine(true)
    const runIds = await times(20, () => people.openRun(usdc))
    const claimAndChange = async (runId: bigint, index: number) => {
      const signed = await people.sign(runId, agent)
      const changed = await people.sign(runId, agent, { round: 2n })
      expect((await post(index, runId, agent, undefined, signed)).status).toBe(200)
      return post(index + 1, runId, agent, undefined, changed)
    }
    const answers = await Promise.all(runIds.map(claimAndChange))
    expect(answers.map(({ status, body }) => `${status} ${body.code}`)).toEqual(Array(20).fill('400 RUN_NOT_OPEN'))
  })
})
