import pg from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { startApi } from '../../../tools/devnet/api.ts'
import type { Answer } from '../../support/describedAnswers.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { ageOldestRevert, ageSent, countReverts } from '../../support/relayRows.ts'
import { claimApi, codeOf } from './claimApi.ts'
import { until } from './claimsOnChain.ts'

const relayer = accountOf(roles.relayer).address

let market: TestMarket
let people: Participants
let pool: pg.Pool
/** Two replicas with the same database, which allow a wallet four claims a minute and six a day. */
let replicas: [ReturnType<typeof claimApi>, ReturnType<typeof claimApi>]

beforeAll(async () => {
  const env = { WALLET_CLAIMS_PER_MINUTE: '4', WALLET_CLAIMS_PER_DAY: '6', CLAIMS_PER_MINUTE: '30' }
  market = await startTestMarket({ api: { env } })
  const second = await startApi({ ...market, port: 0, relayerKey: keyOf(roles.relayer), env })
  replicas = [claimApi(market.api.url), claimApi(second.url)]
  people = participantsOf(market)
  pool = new pg.Pool({ connectionString: market.databaseUrl })
  return async () => {
    await pool.end()
    await second.stop()
    await market.stop()
  }
}, 120_000)

const nonce = () => market.client.getTransactionCount({ address: relayer })
const openRuns = (count: number) => Promise.all(Array.from({ length: count }, () => people.openRun(usdc)))

/** Claims the runs one after the other, alternating between the replicas. */
async function claimEach(agent: Agent, runIds: bigint[]) {
  const answers = []
  for (const [position, runId] of runIds.entries())
    answers.push(await replicas[position % 2 ? 1 : 0].claim(runId, agent))
  return answers
}

const age = ({ wallet }: Agent, by: string) => ageSent(pool, wallet.address, by)

describe('claims of one wallet', () => {
  it('beyond the limit per minute are refused by every replica, without a transaction, with the seconds to wait', async () => {
    const agent = await people.newAgent(accountOf(2))
    const runIds = await openRuns(5)
    const won = await claimEach(agent, runIds.slice(0, 4))
    expect(won.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    const policies = '"requests";q=1000000;w=60, "claims";q=30;w=60'
    expect(won.map(({ headers }) => headers.get('RateLimit-Policy'))).toEqual(Array(4).fill(policies))

    const before = await nonce()
    const sameWallet = await people.newAgent(agent.wallet)
    for (const refused of [
      ...(await claimEach(agent, runIds.slice(4))),
      ...(await claimEach(sameWallet, runIds.slice(4))),
    ]) {
      expect(codeOf(refused)).toEqual([429, 'RATE_LIMITED'])
      expect(refused.body.detail).toContain(`4 transactions for ${agent.wallet.address} were sent within a minute`)
      expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(5)
      expect(Number(refused.headers.get('Retry-After'))).toBeLessThanOrEqual(60)
    }
    expect(await nonce()).toBe(before)

    const stranger = await people.newAgent(accountOf(3))
    expect((await claimEach(stranger, runIds.slice(4))).map(({ status }) => status)).toEqual([200])
    const again = await claimEach(agent, runIds.slice(0, 4))
    expect(again.map(({ status, body }) => [status, body.claimId])).toEqual(won.map(({ body }) => [200, body.claimId]))
  })

  it('are accepted again after a minute, and beyond the limit per day are refused until a day has passed', async () => {
    const agent = await people.newAgent(accountOf(4))
    const runIds = await openRuns(7)
    await claimEach(agent, runIds.slice(0, 4))
    await age(agent, '61 seconds')
    const answers = await claimEach(agent, runIds.slice(4))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429])
    const refused = answers[2]
    expect(refused?.body.detail).toContain('6 transactions for')
    expect(refused?.body.detail).toContain('within a day')
    expect(Number(refused?.headers.get('Retry-After'))).toBeGreaterThan(86_000)
    await age(agent, '1 day')
    expect((await claimEach(agent, runIds.slice(6))).map(({ status }) => status)).toEqual([200])
  })

  it('are not used up by other clients that send invalid claims with the wallet’s address', async () => {
    const agent = await people.newAgent(accountOf(5))
    const [runId] = await openRuns(1)
    const unknownAgent = { id: agent.id + 1_000n, wallet: agent.wallet }
    const refused = await claimEach(unknownAgent, Array(6).fill(runId))
    expect(refused.map(({ status }) => status)).toEqual(Array(6).fill(404))
    expect((await claimEach(agent, [runId ?? 0n])).map(({ status }) => status)).toEqual([200])
  })
})

describe('an agent whose claims revert', () => {
  const first = { gas: 200_000n, maxPriorityFeePerGas: 50_000_000_000n, maxFeePerGas: 100_000_000_000n }

  /** A claim that is valid when it is sent and not when it is mined: another transaction comes first. */
  async function overtaken(runId: bigint, agent: Agent, byOther: () => Promise<unknown>) {
    const { client } = market
    await client.setAutomine(false)
    await client.setIntervalMining({ interval: 0 })
    const claim = replicas[0].claim(runId, agent)
    await until('sent', async () => (await client.getTxpoolStatus()).pending === 1)
    const other = byOther()
    await until('sent before it', async () => (await client.getTxpoolStatus()).pending === 2)
    await client.mine({ blocks: 1 })
    await client.setAutomine(true)
    await client.setIntervalMining({ interval: 1 })
    await other
    return codeOf(await claim)
  }

  /** The agent has been transferred by then. */
  async function sell(agent: Agent) {
    const { registry } = market
    const { address } = agent.wallet
    const code = await overtaken(await people.openRun(usdc), agent, () =>
      registry.write.transferFrom([address, accountOf(9).address, agent.id], { account: address, ...first }),
    )
    expect(code).toEqual([403, 'WALLET_MISMATCH'])
    const back = [accountOf(9).address, agent.wallet.address, agent.id] as const
    await people.mined(() => registry.write.transferFrom(back, { account: accountOf(9).address }))
  }

  it('three times in a day by its own fault is paused until the first is a day old', {
    timeout: 120_000,
  }, async () => {
    const agent = await people.newAgent(accountOf(6))
    for (let times = 0; times < 3; times++) await sell(agent)
    const runId = await people.openRun(usdc)
    const before = await nonce()
    for (const [refused] of [await claimEach(agent, [runId]), await claimEach(agent, [runId])]) {
      expect(refused && codeOf(refused)).toEqual([429, 'RATE_LIMITED'])
      expect(refused?.body.detail).toContain(`agent ${agent.id}`)
      expect(Number(refused?.headers.get('Retry-After'))).toBeGreaterThan(86_000)
    }
    expect(await nonce()).toBe(before)
    expect(await countReverts(pool, agent.id)).toBe(3)
    await ageOldestRevert(pool, agent.id)
    await age(agent, '61 seconds')
    expect((await claimEach(agent, [runId])).map(({ status }) => status)).toEqual([200])
  })

  it('because a poster has named another claimant is not paused', { timeout: 60_000 }, async () => {
    const agent = await people.newAgent(accountOf(8))
    for (let times = 0; times < 3; times++) {
      const runId = await people.openRun(usdc, 86_400n, agent.wallet.address)
      const code = await overtaken(runId, agent, () =>
        market.market.write.nameClaimant([runId, accountOf(9).address], first),
      )
      expect(code).toEqual([403, 'NOT_CLAIMANT'])
    }
    expect(await countReverts(pool, agent.id)).toBe(0)
    expect((await claimEach(agent, [await people.openRun(usdc)])).map(({ status }) => status)).toEqual([200])
  })
})

describe('claims of one address', () => {
  /** Twenty at a time: more than the limit allows, however long a busy machine takes. */
  const eighty = async (send: () => Promise<Answer>) => {
    const answers: Answer[] = []
    while (answers.length < 80) answers.push(...(await Promise.all(Array.from({ length: 20 }, send))))
    return answers
  }

  it('beyond the limit per minute are refused, repeats of a stored claim too', async () => {
    const agent = await people.newAgent(accountOf(7))
    const [runId, other] = await openRuns(2)
    if (runId === undefined || other === undefined) throw new Error('The runs were not created')
    expect((await replicas[1].claim(runId, agent)).status).toBe(200)
    const unknown = { id: agent.id + 1_000n, wallet: agent.wallet }
    const answers = await eighty(() => replicas[1].claim(other, unknown))
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThan(5)
    for (const { body, headers } of refused) {
      expect(body.detail).toMatch(/^127\.0\.0\.1 may send 30 claims a minute\. Try again in \d s\.$/)
      expect(headers.get('Retry-After')).toMatch(/^[123]$/)
    }
    const again = await eighty(() => replicas[1].claim(runId, agent))
    expect(again.filter(({ status }) => status === 429).length).toBeGreaterThan(5)
    expect(new Set(again.map(({ status }) => status))).not.toContain(400)
    expect((await replicas[0].claim(runId, agent)).status).toBe(200)
    expect((await replicas[0].claim(other, agent, { signature: '0x00', deadline: 1 })).status).toBe(401)
  })
})
