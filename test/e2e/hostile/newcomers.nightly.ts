import pg from 'pg'
import { parseEther } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { beforeAll, expect, it } from 'vitest'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { claimApi, codeOf } from '../claims/claimApi.ts'

const relayer = accountOf(roles.relayer).address

/** Of the budget, newcomers get half, and each wallet a hundredth or three claims. */
const DAILY_GAS_BUDGET = '0.02'
const half = parseEther(DAILY_GAS_BUDGET) / 2n

/** So many newcomers are more than enough to spend their half by three to eight claims each. */
const NEWCOMERS = 30

let market: TestMarket
let people: Participants
let pool: pg.Pool
let api: ReturnType<typeof claimApi>

beforeAll(async () => {
  const env = {
    DAILY_GAS_BUDGET,
    WALLET_BUDGET_PERCENT: '1',
    AGENT_BUDGET_PERCENT: '1',
    POSTER_BUDGET_PERCENT: '100',
    NEWCOMERS_BUDGET_PERCENT: '50',
    FEE_BUDGET_PERCENT: '1',
  }
  market = await startTestMarket({ api: { env, relayerKey: keyOf(roles.relayer), allowUnsignedClaims: false } })
  people = participantsOf(market)
  pool = new pg.Pool({ connectionString: market.databaseUrl })
  api = claimApi(market.api.url)
  return async () => {
    await pool.end()
    await market.stop()
  }
}, 120_000)

const claim = async (runId: bigint, agent: Agent) => api.claim(runId, agent, await people.sign(runId, agent))
const spent = async (subject: string) =>
  BigInt(
    (await pool.query('SELECT coalesce(sum(wei), 0)::text AS wei FROM relay.spending WHERE subject = $1', [subject]))
      .rows[0].wei,
  )

/** An agent of a new wallet, with the minimum at stake and a bit more, which pays for its own transactions. */
async function newcomer(): Promise<Agent> {
  const wallet = privateKeyToAccount(generatePrivateKey())
  const agent = await people.newAgent(wallet, 0n)
  await people.stakeFor(agent)
  await people.stake(agent, usdc)
  return agent
}

/** The agent completes a run of this reward without the relay, which pays a twentieth of it as the fee. */
async function complete(agent: Agent, reward: bigint) {
  const { market: contract } = market
  const account = agent.wallet.address
  const runId = await people.openRun(reward)
  await people.mined(() => contract.write.claimBounty([runId, agent.id], { account }))
  await people.mined(() => contract.write.startWork([runId], { account }))
  await people.mined(() => contract.write.submitWork([runId, 'ipfs://work'], { account }))
  await people.mined(() => contract.write.approveWork([runId, 0]))
}

/**
 * The gas since the block that the relayer has paid for, and the attackers: by their accounts, and by the one that
 * registers them and posts their runs.
 */
async function gasSince(block: bigint, accounts: ReadonlySet<string>) {
  const sums = { attackers: 0n, relayer: 0n }
  const targets = [market.market.address, market.registry.address].map((address) => address.toLowerCase())
  const isAttack = (from: string, to: string | null) =>
    accounts.has(from) || (from === people.poster.toLowerCase() && targets.includes(to ?? ''))
  const head = await market.client.getBlockNumber({ cacheTime: 0 })
  for (let blockNumber = block + 1n; blockNumber <= head; blockNumber++) {
    for (const hash of (await market.client.getBlock({ blockNumber })).transactions) {
      const { from, to, gasUsed } = await market.client.getTransactionReceipt({ hash })
      if (from === relayer.toLowerCase()) sums.relayer += gasUsed
      else if (isAttack(from, to)) sums.attackers += gasUsed
    }
  }
  return sums
}

it('a drain by newcomers spends at most half of the budget, and denies no claim to an agent that has paid', {
  timeout: 240_000,
}, async () => {
  const paid = await people.newAgent(accountOf(2))
  await complete(paid, 100n * usdc)
  const almostUnpaid = await people.newAgent(accountOf(3))
  await complete(almostUnpaid, usdc / 100n)
  const before = await market.client.getBlockNumber({ cacheTime: 0 })
  const newcomers = await Promise.all(Array.from({ length: NEWCOMERS }, newcomer))
  const runIds = await Promise.all(newcomers.map(() => people.openRun(usdc / 100n)))
  await market.indexed()

  /** Claims and abandons the same run of dust until the claim is refused. */
  async function drain(agent: Agent, runId: bigint) {
    for (let claims = 0; ; claims++) {
      const answer = await claim(runId, agent)
      if (answer.status !== 200) return { claims, code: answer.body.code }
      await people.mined(() => market.market.write.abandonClaim([runId], { account: agent.wallet.address }))
      await market.indexed()
    }
  }

  const drained: Awaited<ReturnType<typeof drain>>[] = []
  const isDrained = () => drained.some(({ code }) => code === 'RELAY_UNAVAILABLE')
  for (let place = 0; place < NEWCOMERS && !isDrained(); place += 5) {
    const five = newcomers.slice(place, place + 5)
    drained.push(...(await Promise.all(five.map((agent, index) => drain(agent, runIds[place + index] ?? 0n)))))
  }
  const attackers = new Set(newcomers.map(({ wallet }) => wallet.address.toLowerCase()))
  const gas = await gasSince(before, attackers)
  const wallets = drained.filter(({ claims }) => claims > 0).length
  const claims = drained.reduce((sum, one) => sum + one.claims, 0)
  console.log(`the half of newcomers: ${wallets} wallets with 20 USDC at stake, ${claims} claims,`, gas)

  expect(isDrained()).toBe(true)
  expect(await spent('newcomers')).toBeLessThanOrEqual(half)
  expect(await spent('newcomers')).toBeGreaterThan(half / 2n)

  const [forPaid = 0n, forOther = 0n, forNewcomer = 0n] = await Promise.all([1, 2, 3].map(() => people.openRun(usdc)))
  const late = await newcomer()
  await market.indexed()
  expect((await claim(forPaid, paid)).status).toBe(200)
  expect(codeOf(await claim(forOther, almostUnpaid))).toEqual([503, 'RELAY_UNAVAILABLE'])
  expect(codeOf(await claim(forNewcomer, late))).toEqual([503, 'RELAY_UNAVAILABLE'])
  expect(await (await fetch(`${market.api.url}/readyz`)).json()).toMatchObject({ status: 'ready', reasons: [] })
  await expect.poll(() => spent(`fees ${paid.id}`)).toBeGreaterThan(0n)
})
