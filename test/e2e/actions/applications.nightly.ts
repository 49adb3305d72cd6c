import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { parseEventLogs } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { beforeAll, expect, it, onTestFinished } from 'vitest'
import { createRunlineClient, isProblem, NoAnswerError, ProblemError } from '../../../packages/client/src/index.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { createRandom } from '../../simulation/random.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { startKillableApis } from '../claims/killableApis.ts'

const AGENTS = 50
const RUNS = 10
/** How many runs each agent applies for. */
const EACH = 3
const KILLS = 4
const SYBILS = 20

const seed = Number(process.env.SEED ?? randomInt(2 ** 31))
const random = createRandom(seed)
const draw = (limit: number) => random.int(0, limit - 1)

let market: TestMarket
let people: Participants

beforeAll(async () => {
  market = await startTestMarket({ api: { allowUnsignedClaims: false } })
  people = participantsOf(market)
  return market.stop
}, 120_000)

/** Agents whose wallets have no ether. */
async function newAgents(): Promise<Agent[]> {
  await people.fund(people.poster, market.staking.address, BigInt(AGENTS) * 40n * usdc)
  const agents: Agent[] = []
  for (let count = 0; count < AGENTS; count++) {
    const wallet = privateKeyToAccount(generatePrivateKey())
    const { logs } = await people.mined(() => market.registry.write.registerFor([wallet.address, 'ipfs://agent']))
    const [registered] = parseEventLogs({ abi: market.registry.abi, eventName: 'Registered', logs })
    if (!registered) throw new Error('No agent was registered')
    const { agentId: id } = registered.args
    const stake = (20n + BigInt(draw(20))) * usdc
    await people.mined(() => market.staking.write.stakeFor([id, wallet.address, stake]))
    agents.push({ id, wallet })
  }
  return agents
}

it(`fifty agents apply for ten runs, posters choose, and the chosen work, through kills of the API (SEED=${seed})`, {
  timeout: 240_000,
}, async () => {
  const agents = await newAgents()
  const runIds: bigint[] = []
  for (let count = 0; count < RUNS; count++) runIds.push(await people.openRun(usdc, 86_400n, people.poster))
  await market.indexed()
  const apis = await startKillableApis(market, { draw })
  onTestFinished(apis.stop)

  const clientOf = (url: string) =>
    createRunlineClient({ url, market: { chainId: market.chainId, address: market.market.address } })

  /** Repeats what a kill has cut off, at either replica. */
  async function through<T>(work: (client: ReturnType<typeof clientOf>) => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work(clientOf(apis.url()))
      } catch (error) {
        const isLost = error instanceof NoAnswerError || (error instanceof ProblemError && error.problem.status >= 500)
        if (!isLost) throw error
        await sleep(100)
      }
    }
  }

  const killing = (async () => {
    for (let kills = 0; kills < KILLS; kills++) await apis.kill(1_500, false)
  })()
  const wanted = agents.map((agent) => {
    const first = draw(RUNS)
    return { agent, asked: Array.from({ length: EACH }, (_, step) => runIds[(first + step) % RUNS] as bigint) }
  })
  await Promise.all(
    wanted.map(async ({ agent, asked }) => {
      const by = { agentId: agent.id, signer: agent.wallet }
      for (const runId of asked) await through(({ runs }) => runs.apply(runId, `Agent ${agent.id}`, by))
      // Each withdraws one, and every fifth agent applies for it again.
      const [last] = asked.slice(-1) as [bigint]
      await through(({ runs }) => runs.withdrawApplication(last, by))
      if (agent.id % 5n === 0n) await through(({ runs }) => runs.apply(last, 'again', by))
    }),
  )
  await killing

  const pool = new pg.Pool({ connectionString: market.databaseUrl, max: 1 })
  onTestFinished(() => pool.end())
  const { rows } = await pool.query('SELECT bounty_id, agent_id FROM content.application')
  const expected = wanted.flatMap(({ agent, asked }) =>
    asked.slice(0, agent.id % 5n === 0n ? EACH : EACH - 1).map((runId) => `${runId} ${agent.id}`),
  )
  expect(rows.map((row) => `${row.bounty_id} ${row.agent_id}`).toSorted()).toEqual(expected.toSorted())

  // Each poster names the best applicant that has no other run: the stake of one covers several, but it has time for one.
  const chosen = new Map<bigint, Agent>()
  const choosing = new AbortController()
  onTestFinished(() => choosing.abort())
  const claims: Promise<unknown>[] = []
  for (const runId of runIds) {
    const { applications } = await through(({ runs }) => runs.applications(runId, { limit: 100 }))
    const stakes = applications.map(({ agent }) => BigInt(agent.stakedAmount))
    expect(stakes).toEqual(stakes.toSorted((one, other) => Number(other - one)))
    const best = applications.find(({ agent }) => !chosen.has(BigInt(agent.id)))
    const agent = agents.find(({ id }) => id === BigInt(best?.agent.id ?? -1))
    if (!agent) throw new Error(`No applicant is left for run ${runId}`)
    chosen.set(agent.id, agent)
    const other = agents.find(({ id }) => id !== agent.id) as Agent
    const isRefused = await clientOf(market.api.url)
      .runs.claim(runId, { agentId: other.id, signer: other.wallet })
      .catch((error) => isProblem(error, 'NOT_CLAIMANT'))
    expect(isRefused).toBe(true)
    claims.push(
      (async () => {
        const { stream, runs } = clientOf(market.api.url)
        const events = stream({ claimant: agent.wallet.address }, { signal: choosing.signal })
        for await (const { type, data } of events) {
          if (type !== 'run') continue
          return runs.claim(data, { agentId: agent.id, signer: agent.wallet })
        }
      })(),
    )
    await sleep(200)
    await people.mined(() => market.market.write.nameClaimant([runId, agent.wallet.address]))
  }
  await Promise.all(claims)
  await market.indexed()
  for (const [place, runId] of runIds.entries()) {
    const { runs } = clientOf(market.api.url)
    const run = await runs.get(runId)
    expect(run).toMatchObject({ state: 'CLAIMED', claimedBy: Number([...chosen.keys()][place]), applications: 0 })
    expect((await runs.applications(runId)).pagination.total).toBe(0)
  }
})

it('one stake that moves from agent to agent on chain leaves one application beside an honest one', {
  timeout: 120_000,
}, async () => {
  const runId = await people.openRun(usdc, 86_400n, people.poster)
  const { runs, agents } = createRunlineClient({
    url: market.api.url,
    market: { chainId: market.chainId, address: market.market.address },
    contracts: {
      usdc: market.usdc.address,
      agentStaking: market.staking.address,
      agentRegistry: market.registry.address,
    },
  })
  const honest = await people.newAgent(accountOf(2))
  await market.indexed()
  await runs.apply(runId, 'honest', { agentId: honest.id, signer: honest.wallet })
  let last = honest
  for (let moved = 0; moved < SYBILS; moved++) {
    if (last !== honest) await agents.unstake(last.id, 20n * usdc, { via: 'relay', signer: last.wallet })
    last = await people.newAgent(accountOf(3))
    await market.indexed()
    await runs.apply(runId, `sybil ${moved}`, { agentId: last.id, signer: last.wallet })
  }
  const { applications, pagination } = await runs.applications(runId)
  expect(applications.map(({ agent }) => BigInt(agent.id))).toEqual([honest.id, last.id])
  expect(pagination.total).toBe(2)
})
