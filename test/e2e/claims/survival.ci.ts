import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, it, onTestFinished } from 'vitest'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { startApi } from '../../../tools/devnet/api.ts'
import { mineBlocks } from '../../../tools/devnet/mineBlocks.ts'
import { createRandom } from '../../simulation/random.ts'
import { findDisorder, readLedger } from '../../support/claimLedger.ts'
import type { Answer } from '../../support/describedAnswers.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { claimApi } from './claimApi.ts'
import { type Kill, startKillableApis } from './killableApis.ts'

/** A long campaign has 100. */
const KILLS = Number(process.env.KILLS ?? 5)
const CLAIMS_PER_KILL = 5
const CLAIMS = KILLS * CLAIMS_PER_KILL
const BLOCK_MS = 1_000 * Number(process.env.BLOCK_TIME_SECONDS ?? 1)
/** A kill comes within this many milliseconds of its claims' start: until most of them are mined. */
const WITHIN = 200 + BLOCK_MS / 2
/** The kills that must meet claims in flight: fewer where these are mined sooner. */
const LEAST_HITS = Math.floor(KILLS * (BLOCK_MS < 1_000 ? 0.25 : 0.5))
/** How many blocks a claim may stay unmined after a kill while a replica is up: those of 3 s, and two. */
const RECOVERY_BLOCKS = Math.ceil(3_000 / BLOCK_MS) + 2

const seed = Number(process.env.SEED ?? randomInt(2 ** 31))
const random = createRandom(seed)
const draw = (limit: number) => random.int(0, limit - 1)

const relayer = accountOf(roles.relayer).address

let market: TestMarket
let people: Participants
let rich: Agent
let poor: Agent

beforeAll(async () => {
  market = await startTestMarket()
  people = participantsOf(market)
  rich = await people.newAgent(accountOf(2), 1_000n * usdc)
  poor = await people.newAgent(accountOf(3))
  return market.stop
}, 120_000)

/** The number of requests whose process was killed before it answered. */
let cutOff = 0

const isRefused = ({ cause }: Error) => cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED'

/** Sends the claim until an answer decides it, as a client does that handles 202 and 503. */
async function claimUntilDecided(url: () => string, runId: bigint, agent: Agent): Promise<Answer> {
  for (;;) {
    try {
      const answer = await claimApi(url()).claim(runId, agent)
      if (answer.status !== 202 && answer.status !== 503) return answer
    } catch (error) {
      // The process was killed before or during the request.
      if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error
      if (!isRefused(error)) cutOff++
    }
    await sleep(200)
  }
}

/** Every sixth run locks so much that the poor agent can hold only one of them. */
const isCostly = (index: number) => index % 6 === 0

async function openRuns() {
  const runIds: bigint[] = []
  for (let index = 0; index < CLAIMS; index++) runIds.push(await people.openRun(isCostly(index) ? 150n * usdc : usdc))
  return runIds
}

it(`claims survive random kills of the API (SEED=${seed})`, {
  timeout: 60_000 + KILLS * 15_000,
}, async () => {
  const runIds = await openRuns()
  const apis = await startKillableApis(market, { draw })
  await market.client.setAutomine(false)
  await market.client.setIntervalMining({ interval: 0 })
  const mining = mineBlocks(market.client, BLOCK_MS)
  onTestFinished(mining.stop)
  const claim = async (runId: bigint, index: number) => ({
    runId,
    answer: await claimUntilDecided(apis.url, runId, isCostly(index) ? poor : rich),
  })
  const flowing: ReturnType<typeof claim>[] = []
  const kills: Kill[] = []
  while (kills.length < KILLS) {
    const first = flowing.length
    flowing.push(...runIds.slice(first, first + CLAIMS_PER_KILL).map((runId, index) => claim(runId, first + index)))
    // As many as must meet a claim wait for one; then a third, at random.
    kills.push(await apis.kill(WITHIN, kills.length <= LEAST_HITS || draw(3) === 0))
    if (kills.length % 10 === 0) console.log(`${kills.length} of ${KILLS} kills`)
  }
  const results = await Promise.all(flowing)
  await apis.stop()
  await mining.stop()
  await market.client.setAutomine(true)
  await market.client.setIntervalMining({ interval: 1 })

  const ledger = await readLedger(market, [relayer])
  expect(findDisorder(ledger)).toEqual([])
  for (const { runId, answer } of results) {
    const wins = ledger.claimed.filter(({ args }) => args.bountyId === runId)
    if (answer.status === 200) {
      expect(wins.map(({ transactionHash }) => transactionHash)).toEqual([answer.body.txHash])
    } else {
      expect([answer.status, answer.body.code]).toEqual([403, 'INSUFFICIENT_UNLOCKED_STAKE'])
      expect(wins).toEqual([])
    }
  }
  const won = results.filter(({ answer }) => answer.status === 200)
  expect(won).toHaveLength(CLAIMS - Math.ceil(CLAIMS / 6) + 1)
  expectHits(kills)
  console.log(`${summary(kills)}
    ${CLAIMS} claims: ${won.length} once on chain, ${CLAIMS - won.length} refused for their reason; none lost, none
    doubled, nonces 0 to ${(ledger.nonces[0]?.latest ?? 0) - 1} without a gap`)
})

const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0)
const slowest = (kills: Kill[]) => Math.max(...kills.map(({ recovery }) => recovery))

/** A kill without a claim in flight proves nothing. */
function expectHits(kills: Kill[]) {
  expect(kills.filter(({ signed, accepted }) => signed + accepted > 0).length).toBeGreaterThanOrEqual(LEAST_HITS)
  expect(total(kills.map(({ signed, accepted }) => signed + accepted))).toBeGreaterThanOrEqual(LEAST_HITS)
  expect(cutOff).toBeGreaterThanOrEqual(KILLS / 4)
  expect(slowest(kills)).toBeLessThanOrEqual(RECOVERY_BLOCKS)
}

function summary(kills: Kill[]) {
  const met = kills.filter(({ signed, accepted }) => signed + accepted > 0).length
  const count = (state: 'signed' | 'accepted') => total(kills.map((kill) => kill[state]))
  return `SEED=${seed}: ${kills.length} kills, ${kills.filter(({ victims }) => victims > 1).length} of them of both replicas.
    ${met} met claims in flight: ${count('signed')} signed and not known to be sent, ${count('accepted')} sent and not mined.
    ${cutOff} requests were cut off. What was in flight was mined at most ${slowest(kills)} blocks after a replica was there for it`
}

const startReplica = () => startApi({ ...market, port: 0, relayerKey: keyOf(roles.relayer) })

it('a claim is decided without its client and without the process that accepted it', { timeout: 60_000 }, async () => {
  const api = await startReplica()
  const runId = await people.openRun(usdc)
  await market.client.setAutomine(false)
  await market.client.setIntervalMining({ interval: 0 })
  const headers = { 'Content-Type': 'application/json', Prefer: 'wait=0' }
  const body = JSON.stringify({ agentId: Number(rich.id), walletAddress: rich.wallet.address })
  const answer = await fetch(`${api.url}/api/runs/${runId}/claim`, { method: 'POST', headers, body })
  expect(answer.status).toBe(202)
  expect(answer.headers.get('Retry-After')).toBe('1')
  expect(answer.headers.get('Preference-Applied')).toBe('wait=0')
  const location = answer.headers.get('Location')
  const { claimId, txHash } = (await answer.json()) as { claimId: string; txHash: string }
  expect(location).toBe(`/api/claims/${claimId}`)

  process.kill(-api.part.pid, 'SIGKILL')
  await api.part.ended
  await market.client.request({ method: 'anvil_dropAllTransactions' } as never)
  const next = await startReplica()
  const pendingState = await claimApi(next.url).get(`${location}`)
  expect(pendingState.body).toMatchObject({ claimId, bountyId: Number(runId), blockNumber: null, finalized: false })
  expect(['signed', 'accepted']).toContain(pendingState.body.state)
  await expect.poll(async () => (await market.client.getTxpoolStatus()).pending, { timeout: 10_000 }).toBe(1)
  await market.client.setAutomine(true)
  await market.client.setIntervalMining({ interval: 1 })
  await expect
    .poll(async () => (await claimApi(next.url).get(`${location}`)).body, { timeout: 10_000 })
    .toMatchObject({ state: 'mined', txHash, problem: null })
  await market.client.mine({ blocks: 70 })
  await expect
    .poll(async () => (await claimApi(next.url).get(`${location}`)).body, { timeout: 10_000 })
    .toMatchObject({ state: 'final', finalized: true })
  await next.stop()
  await api.stop()
})

it('a claim without a signed transaction is not found', async () => {
  const { status, body } = await claimApi(market.api.url).get(`/api/claims/0x${'12'.repeat(32)}`)
  expect([status, body.code]).toEqual([404, 'CLAIM_NOT_FOUND'])
})
