import pg from 'pg'
import { decodeFunctionData, type Hash, type Hex } from 'viem'
import { beforeAll, describe, expect, it } from 'vitest'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { startApi } from '../../../tools/devnet/api.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { keysOfAgent } from '../../support/relayRows.ts'
import { claimApi } from '../claims/claimApi.ts'

const REPLAYS = 400
const PER_MINUTE = 100

let market: TestMarket
let people: Participants
let pool: pg.Pool
let claims: ReturnType<typeof claimApi>

/** An API that accepts signed claims only, and a hundred a minute from an address. */
beforeAll(async () => {
  market = await startTestMarket()
  people = participantsOf(market)
  pool = new pg.Pool({ connectionString: market.databaseUrl })
  const env = { CLAIMS_PER_MINUTE: String(PER_MINUTE), TRUST_PROXY: '1' }
  const api = await startApi({ ...market, port: 0, relayerKey: keyOf(roles.relayer), allowUnsignedClaims: false, env })
  claims = claimApi(api.url)
  return async () => {
    await api.stop()
    await pool.end()
    await market.stop()
  }
}, 120_000)

const victim = { 'X-Forwarded-For': '203.0.113.1' }
const attacker = { 'X-Forwarded-For': '198.51.100.1' }

const keyed = (client: Record<string, string>, key: string) => ({ ...client, 'Idempotency-Key': key })

const keysOf = ({ id }: Agent) => keysOfAgent(pool, id)

/** The signature that anyone finds in the calldata of a relayed claim. */
async function publishedSignature(hash: Hash): Promise<{ signature: Hex; deadline: number }> {
  const { input } = await market.client.getTransaction({ hash })
  const { functionName, args } = decodeFunctionData({ abi: market.market.abi, data: input })
  if (functionName !== 'claimBountyWithSig') throw new Error(`The claim was made by ${functionName}`)
  const [, , , deadline, signature] = args
  return { signature, deadline: Number(deadline) }
}

/** Sends the claim with as many keys, in bursts. @returns how many answers had each status. */
async function replay(runId: bigint, agent: Agent, signed: { signature: Hex; deadline: number }) {
  const statuses = new Map<number, number>()
  for (let first = 2; first < REPLAYS + 2; first += 50) {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        claims.claim(runId, agent, signed, keyed(attacker, `claim-${first + index}`)),
      ),
    )
    for (const { status } of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1)
  }
  return statuses
}

describe('the published body of a claim, sent by a stranger with the next keys of its agent', () => {
  it('binds none of them, stores nothing, and counts for the limit of the stranger’s address', async () => {
    const agent = await people.newAgent(accountOf(2), 1_000n * usdc)
    const [runId, ...next] = [await people.openRun(usdc), await people.openRun(usdc), await people.openRun(usdc)]
    const won = await claims.claim(runId, agent, await people.sign(runId, agent), keyed(victim, 'claim-1'))
    expect(won.status).toBe(200)

    const statuses = await replay(runId, agent, await publishedSignature(won.body.txHash))
    expect(new Set(statuses.keys())).toEqual(new Set([200, 429]))
    expect(statuses.get(200)).toBeLessThan(PER_MINUTE + 50)
    expect(await keysOf(agent)).toEqual(['claim-1'])

    for (const [index, other] of next.entries()) {
      const headers = keyed(victim, `claim-${index + 2}`)
      const answer = await claims.claim(other, agent, await people.sign(other, agent), headers)
      expect([answer.status, answer.body.run?.bountyId]).toEqual([200, Number(other)])
    }
  })

  it('binds none of them while the claim is pending', async () => {
    const agent = await people.newAgent(accountOf(3), 1_000n * usdc)
    const runId = await people.openRun(usdc)
    const signed = await people.sign(runId, agent)
    await market.client.setAutomine(false)
    await market.client.setIntervalMining({ interval: 0 })
    const pending = await claims.claim(runId, agent, signed, { ...keyed(victim, 'claim-1'), Prefer: 'wait=1' })
    expect(pending.status).toBe(202)
    const other = { 'X-Forwarded-For': '198.51.100.2', Prefer: 'wait=1' }
    const repeats = await Promise.all(
      [2, 3, 4, 5].map((place) => claims.claim(runId, agent, signed, keyed(other, `claim-${place}`))),
    )
    expect(repeats.map(({ status, body }) => [status, body.claimId])).toEqual(
      Array(4).fill([202, pending.body.claimId]),
    )
    await market.client.setAutomine(true)
    await market.client.setIntervalMining({ interval: 1 })
    expect(await keysOf(agent)).toEqual(['claim-1'])
  })
})

describe('a claim', () => {
  it('that the wallet sent to the contract itself is answered, and has no key', async () => {
    const agent = await people.newAgent(accountOf(4), 1_000n * usdc)
    const runId = await people.openRun(usdc)
    const signed = await people.sign(runId, agent)
    await people.mined(() => market.market.write.claimBounty([runId, agent.id], { account: agent.wallet.address }))
    await market.indexed()
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, place) => claims.claim(runId, agent, signed, keyed(victim, `own-${place}`))),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200))
    expect(await keysOf(agent)).toEqual([])
  })
})
