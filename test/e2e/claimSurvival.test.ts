import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { parseEventLogs } from 'viem'
import { beforeAll, expect, it } from 'vitest'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import { accountOf, keyOf, roles } from '../../devnet/accounts.ts'
import { type Api, startApi } from '../../devnet/api.ts'
import { startTestMarket, type TestMarket } from '../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../support/participants.ts'
import { type Answer, claimApi } from './claimApi.ts'

const KILLS = 8
const CLAIMS_PER_KILL = 8
const CLAIMS = KILLS * CLAIMS_PER_KILL

/** How many requests died with the process that had them. */
let cutOff = 0

const seed = randomInt(2 ** 31)
let state = seed
/** A random integer below `limit`, of `seed`. */
function draw(limit: number): number {
  state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
  return Math.floor((state / 2 ** 32) * limit)
}

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

const startReplica = () => startApi({ ...market, port: 0, relayerKey: keyOf(roles.relayer) })

/** Kills the API without warning, and starts the next one. */
async function killAndRestart(api: Api): Promise<Api> {
  process.kill(-api.part.pid, 'SIGKILL')
  await api.part.ended
  await api.stop()
  return startReplica()
}

/** Sends the claim until an answer decides it, as a client does that knows what 202 and 503 mean. */
async function claimUntilDecided(urls: () => string[], runId: bigint, agent: Agent): Promise<Answer> {
  for (;;) {
    const [url = ''] = urls().toSorted(() => draw(3) - 1)
    try {
      const answer = await claimApi(url).claim(runId, agent)
      if (answer.status !== 202 && answer.status !== 503) return answer
    } catch (error) {
      // The process died with the question.
      if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error
      cutOff++
    }
    await sleep(100 + draw(200))
  }
}

/** Every BountyClaimed there is, and how the relayer's transactions ended. */
async function chainSays() {
  const { client, deployment } = market
  const logs = await client.getLogs({ address: deployment.contracts.BountyMarket, fromBlock: 0n })
  const claimed = parseEventLogs({ abi: bountyMarketAbi, eventName: 'BountyClaimed', logs })
  const [latest, pending] = await Promise.all([
    client.getTransactionCount({ address: relayer }),
    client.getTransactionCount({ address: relayer, blockTag: 'pending' }),
  ])
  return { claimed, latest, pending }
}

async function stored<Row extends pg.QueryResultRow>(text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: market.databaseUrl })
  await client.connect()
  try {
    return (await client.query<Row>(text)).rows
  } finally {
    await client.end()
  }
}

it(`claims outlive the API, killed at random while they flow (seed ${seed})`, { timeout: 240_000 }, async () => {
  const runIds = await Promise.all(
    Array.from({ length: CLAIMS }, (_, index) => people.openRun(index % 6 ? usdc : 150n * usdc)),
  )
  let apis: Api[] = await Promise.all([startReplica(), startReplica()])
  const urls = () => apis.map(({ url }) => url)

  // Every sixth run locks so much that the poor agent can hold one of them only.
  const claim = async (runId: bigint, index: number) => ({
    runId,
    answer: await claimUntilDecided(urls, runId, index % 6 ? rich : poor),
  })
  const flowing: ReturnType<typeof claim>[] = []
  for (let kill = 0; kill < KILLS; kill++) {
    const first = kill * CLAIMS_PER_KILL
    flowing.push(...runIds.slice(first, first + CLAIMS_PER_KILL).map((runId, index) => claim(runId, first + index)))
    await sleep(draw(600))
    const victim = draw(2)
    apis = await Promise.all(apis.map((api, index) => (index === victim ? killAndRestart(api) : api)))
  }
  const results = await Promise.all(flowing)
  expect(cutOff).toBeGreaterThan(0)
  console.log(`seed ${seed}: ${cutOff} requests were cut off by ${KILLS} kills`)

  const { claimed, latest, pending } = await chainSays()
  for (const { runId, answer } of results) {
    const wins = claimed.filter(({ args }) => args.bountyId === runId)
    if (answer.status === 200) {
      expect(wins.map(({ transactionHash }) => transactionHash)).toEqual([answer.body.txHash])
    } else {
      expect(answer.body.code).toBe('INSUFFICIENT_UNLOCKED_STAKE')
      expect(wins).toEqual([])
    }
  }
  const won = results.filter(({ answer }) => answer.status === 200)
  expect(won).toHaveLength(CLAIMS - Math.ceil(CLAIMS / 6) + 1)
  expect(pending).toBe(latest)
  const rows = await stored<{ nonce: string; state: string }>('SELECT nonce, state FROM relay.tx ORDER BY nonce')
  expect(rows.map(({ nonce }) => Number(nonce))).toEqual(Array.from({ length: latest }, (_, nonce) => nonce))
  expect(rows.filter(({ state }) => state !== 'mined' && state !== 'final')).toEqual([])
  await Promise.all(apis.map((api) => api.stop()))
})

it('a claim goes on without its client and without the process that took it', { timeout: 60_000 }, async () => {
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

it('a claim that nobody ever signed a transaction for is not found', async () => {
  const { status, body } = await claimApi(market.api.url).get(`/api/claims/0x${'12'.repeat(32)}`)
  expect([status, body.code]).toEqual([404, 'CLAIM_NOT_FOUND'])
})
