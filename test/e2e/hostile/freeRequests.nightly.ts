import { once } from 'node:events'
import { Agent as HttpAgent, type IncomingMessage, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { bytesToHex } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { ask } from '../../../tools/bench/arrivals.ts'
import { startLoad } from '../../../tools/bench/startLoad.ts'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { type Api, startApi } from '../../../tools/devnet/api.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, usdc } from '../../support/participants.ts'
import { countCalls, type RpcProxy, startRpcProxy } from '../../support/rpcProxy.ts'
import { poster, type Runs, runsOn } from '../actions/runsInStates.ts'
import { claimApi } from '../claims/claimApi.ts'

/**
 * How many times as many blocks each of so many claims, deliveries and reviews may take beside a flood as alone. All are sent just
 * after a block, so that one which is alone takes a second, a block's time: a count of blocks is a ratio of times.
 */
const MOST_RATIO = 3
/** What a flood may always cost: its generator shares the cores with API, node and index. A queue that a flood fills costs tens of blocks. */
const ALWAYS_ALLOWED_BLOCKS = 6
const SAMPLES = 3

const REGISTRATIONS = 360

const REQUESTS_PER_SECOND = 1_000
const CONNECTIONS = 64

/** The most calls a second of the API's node beside a flood of requests that are free. */
const MOST_CALLS_PER_SECOND = 50

/** What a read may take beside a flood that is refused, and how long the flood lasts. */
const MOST_READ_MS = 500
const FLOOD_SECONDS = 8
const CONNECTIONS_OF_ONE = 512

/** How long the calls are counted. */
const COUNTED_MS = 2_000

/** A GET if it has no body. */
type Sent = { path: string; body?: object }

let market: TestMarket
let runs: Runs
let claimant: Agent
let node: RpcProxy
/** Calls its node through `node`. */
let api: Api
let client: ReturnType<typeof claimApi>

beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  market = await startTestMarket()
  parts.defer(market.stop)
  runs = await runsOn(market)
  claimant = await runs.people.newAgent(accountOf(3), 1_000n * usdc)
  node = await startRpcProxy(market.rpcUrl)
  parts.defer(node.stop)
  const env = { TRUST_PROXY: '1' }
  const relayerKey = keyOf(roles.relayer)
  api = await startApi({ ...market, port: 0, rpcUrl: node.url, relayerKey, allowUnsignedClaims: false, env })
  parts.defer(api.stop)
  client = claimApi(api.url)
  const kept = parts.move()
  return () => kept.disposeAsync()
}, 120_000)

/** The message of an action about a run, with the party's signature. */
async function signedAction(action: string, query: Record<string, string>, signer: Agent['wallet']): Promise<Sent> {
  const { status, body } = await client.get(`/api/messages/${action}?${new URLSearchParams(query)}`)
  if (status !== 200) throw new Error(`There is no message of ${action}: ${JSON.stringify(body)}`)
  return { path: body.path, body: { ...body.body, signature: await signer.signTypedData(body.typedData) } }
}

/** The claim of a run with the agent's signature. @param by whose key signs. */
async function signedClaim(runId: bigint, agent: Agent, by = agent.wallet): Promise<Sent> {
  const word = await runs.people.sign(runId, agent, { signer: by })
  const body = { agentId: Number(agent.id), walletAddress: agent.wallet.address, ...word }
  return { path: `/api/runs/${runId}/claim`, body }
}

/** Claims, deliveries and reviews, ready to be sent. */
type Work = Record<'claim' | 'delivery' | 'review', Sent[]>

async function honestWork(): Promise<Work> {
  const work: Work = { claim: [], delivery: [], review: [] }
  for (let sample = 0; sample < SAMPLES; sample++) {
    const [open, claimed, submitted] = [
      await runs.people.openRun(usdc),
      await runs.runIn('CLAIMED'),
      await runs.runIn('SUBMITTED'),
    ]
    await market.indexed()
    const delivery = { runId: String(claimed), deliverableHash: 'ipfs://work' }
    work.claim.push(await signedClaim(open, claimant))
    work.delivery.push(await signedAction('submit', delivery, runs.agent.wallet))
    work.review.push(await signedAction('approve', { runId: String(submitted), signer: poster.address }, poster))
  }
  return work
}

/** Registrations of new accounts, which have neither ether nor USDC. */
async function freeRegistrations(count: number): Promise<Sent[]> {
  const [first] = [privateKeyToAccount(generatePrivateKey())]
  const query = new URLSearchParams({ owner: first.address, agentURI: 'ipfs://agent' })
  const { body: message } = await client.get(`/api/messages/register?${query}`)
  return Promise.all(
    Array.from({ length: count }, async () => {
      const account = privateKeyToAccount(generatePrivateKey())
      const own = { owner: account.address, salt: bytesToHex(crypto.getRandomValues(new Uint8Array(32))) }
      const typedData = { ...message.typedData, message: { ...message.typedData.message, ...own } }
      const signature = await account.signTypedData(typedData)
      return { path: message.path, body: { ...message.body, ...own, signature } }
    }),
  )
}

type Sending = { signal: AbortSignal; agent?: HttpAgent }

/** Sends a request of a flood from the address, by default on a connection of its own. @returns undefined if it is aborted. */
async function send({ path, body }: Sent, address: string, { signal, agent }: Sending): Promise<number | undefined> {
  const headers = { 'Content-Type': 'application/json', 'X-Forwarded-For': address }
  const options = { method: body ? 'POST' : 'GET', headers, signal, ...(agent && { agent }) }
  try {
    const asking = request(`${api.url}${path}`, options).end(body && JSON.stringify(body))
    const [answer] = (await once(asking, 'response')) as [IncomingMessage]
    await answer.toArray()
    return answer.statusCode
  } catch (error) {
    if (signal.aborted) return undefined
    throw error
  }
}

/** Sends the requests again and again, from so many addresses, until the signal aborts. @returns how often which status came. */
async function flood(requests: readonly Sent[], clients: number, signal: AbortSignal): Promise<Record<string, number>> {
  const agent = new HttpAgent({ keepAlive: true, maxSockets: CONNECTIONS })
  const statuses: Record<string, number> = {}
  const start = performance.now()
  let sent = 0
  const connection = async () => {
    while (!signal.aborted) {
      const place = sent++
      const early = (place / REQUESTS_PER_SECOND) * 1_000 - (performance.now() - start)
      if (early > 0) await sleep(early)
      const one = requests[place % requests.length]
      const status = one && (await send(one, `198.51.100.${place % clients}`, { signal, agent }))
      if (status !== undefined) statuses[status] = (statuses[status] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, connection))
  agent.destroy()
  return statuses
}

/** Waits for a block, so that what follows does not depend on how soon the next one comes. @returns its number. */
async function nextBlock(): Promise<number> {
  const latest = () => market.client.getBlockNumber({ cacheTime: 0 })
  const before = await latest()
  let number = before
  while (number === before) {
    await sleep(20)
    number = await latest()
  }
  return Number(number)
}

/** Sends all at once, just after a block. @returns how many blocks later those of each kind were made, in order: 1 in the next one. */
async function blocksOf(work: Work): Promise<Record<string, number[]>> {
  const start = await nextBlock()
  const blocksUntil = async ({ path, body = {} }: Sent): Promise<number> => {
    const answer = await client.post(path, body, { 'X-Forwarded-For': '203.0.113.1' })
    expect(answer.status, `${path}: ${JSON.stringify(answer.body)}`).toBe(200)
    return answer.body.blockNumber - start
  }
  const made = await Promise.all(
    Object.entries(work).map(async ([name, all]) => {
      const blocks = await Promise.all(all.map(blocksUntil))
      return [name, blocks.toSorted((left, right) => left - right)] as const
    }),
  )
  return Object.fromEntries(made)
}

/** The slowest beside a flood is compared with the median alone. */
function expectSoon(alone: Record<string, number[]>, beside: Record<string, number[]>) {
  for (const [name, blocks] of Object.entries(beside)) {
    const [, median = 0] = alone[name] ?? []
    expect(blocks.at(-1), name).toBeLessThanOrEqual(Math.max(MOST_RATIO * median, ALWAYS_ALLOWED_BLOCKS))
  }
}

/** Waits until the API has read what was sent at once, for which a busy machine takes seconds. */
async function untilAnswering() {
  for (let milliseconds = Number.POSITIVE_INFINITY; milliseconds > 100; ) {
    const start = performance.now()
    await client.get('/api/market')
    milliseconds = performance.now() - start
  }
}

/** Blocks come every second only, as on a chain. */
async function mineByTimeOnly() {
  await market.client.setAutomine(false)
  await market.client.setIntervalMining({ interval: 1 })
}

describe(`${REGISTRATIONS} free registrations in flight`, () => {
  it.each([1, 30])(
    'of %i addresses delay no claim, delivery or review by much',
    { timeout: 90_000 },
    async (clients) => {
      await market.client.setAutomine(true)
      const [alone, beside] = [await honestWork(), await honestWork()]
      const registrations = await freeRegistrations(REGISTRATIONS)
      await mineByTimeOnly()
      const before = await blocksOf(alone)
      const leaving = new AbortController()
      node.reset()
      const start = performance.now()
      const signal = leaving.signal
      const registering = registrations.map((one, place) => send(one, `198.51.100.${place % clients}`, { signal }))
      await sleep(1_500)
      await untilAnswering()
      const after = await blocksOf(beside)
      const simulations = node.use().calls.get('eth_estimateGas') ?? 0
      const seconds = (performance.now() - start) / 1_000
      leaving.abort()
      const made = (await Promise.all(registering)).filter((status) => status === 200).length
      console.log({ clients, before, after, made, simulations, seconds: Math.round(seconds) })
      expectSoon(before, after)
      expect(made).toBeGreaterThan(0)
      // Those that wait are tried in turn: at each block a few, not all.
      expect(simulations).toBeLessThan(REGISTRATIONS / 2)
    },
  )
})

/** Messages of withdrawals of eight agents. */
async function unstakeMessages(): Promise<Sent[]> {
  const { wallet } = claimant
  const agents = [claimant]
  while (agents.length < 8) agents.push(await runs.people.newAgent(wallet))
  await market.indexed()
  const query = { signer: wallet.address, amount: '1' }
  return agents.map(({ id }) => ({
    path: `/api/messages/unstake?${new URLSearchParams({ agentId: String(id), ...query })}`,
  }))
}

describe(`${CONNECTIONS_OF_ONE} connections of one address that its limit refuses`, () => {
  it('delay the reads of another address by little, and none is refused', { timeout: 60_000 }, async () => {
    const [message, honest] = await unstakeMessages()
    if (!message || !honest) throw new Error('There are no messages')
    const headers = { 'X-Forwarded-For': '198.51.100.200' }
    const env = { TRUST_PROXY: '1', REQUESTS_PER_MINUTE: '600' }
    const relayerKey = keyOf(roles.relayer)
    const limited = await startApi({
      ...market,
      port: 0,
      rpcUrl: node.url,
      relayerKey,
      allowUnsignedClaims: false,
      env,
    })
    onTestFinished(limited.stop)
    const requests = Array.from({ length: 200_000 }, () => ({ method: 'GET' as const, path: message.path, headers }))
    using flood = await startLoad({
      url: limited.url,
      requests,
      connections: CONNECTIONS_OF_ONE,
      seconds: FLOOD_SECONDS + 2,
    })
    flood.begin()
    await sleep(500)
    const reads = [
      { name: 'message', perSecond: 5, path: () => honest.path },
      { name: 'list', perSecond: 5, path: (n: number) => `/api/runs?minBlock=${n % 2}&limit=${1 + (n % 50)}` },
      { name: 'expensive list', perSecond: 5, path: (n: number) => `/api/runs?claimable=true&limit=${1 + (n % 50)}` },
    ]
    // It throws if one is refused.
    const waited = await ask(limited.url, reads, {
      seconds: FLOOD_SECONDS,
      headers: { 'X-Forwarded-For': '203.0.113.2' },
    })
    const { statuses } = await flood.ended
    console.log(waited, statuses)
    const [, refusals] = /429 × (\d+)/.exec(statuses) ?? []
    // Each connection gets one a second.
    expect(Number(refusals)).toBeLessThanOrEqual(CONNECTIONS_OF_ONE * (FLOOD_SECONDS + 2))
    for (const { name, p99 } of waited) expect(p99, name).toBeLessThanOrEqual(MOST_READ_MS)
  })
})

/** Calls that anyone may ask for, of which the contracts make none. */
async function refusedCalls(): Promise<Sent[]> {
  const runIds = [await runs.runIn('OPEN'), await runs.runIn('CLAIMED'), await runs.runIn('SUBMITTED'), 999_999n]
  const names = ['finalize', 'expire', 'slash', 'reject-overdue']
  const payees = Array.from({ length: 100 }, () => privateKeyToAccount(generatePrivateKey()).address)
  return [
    ...runIds.flatMap((runId) => names.map((name) => `/api/runs/${runId}/${name}`)),
    ...[...payees, accountOf(roles.treasury).address].map((payee) => `/api/payees/${payee}/collect`),
  ].map((path) => ({ path, body: {} }))
}

/** Withdrawals from the claimant's stake, which accounts sign that are neither its owner nor its wallet. */
async function withdrawalsOfStrangers(): Promise<Sent[]> {
  const query = { agentId: String(claimant.id), signer: claimant.wallet.address, amount: '1' }
  const { body: message } = await client.get(`/api/messages/unstake?${new URLSearchParams(query)}`)
  return Promise.all(
    Array.from({ length: 300 }, async () => {
      const stranger = privateKeyToAccount(generatePrivateKey())
      const own = { signer: stranger.address }
      const typedData = { ...message.typedData, message: { ...message.typedData.message, ...own } }
      return {
        path: message.path,
        body: { ...message.body, ...own, signature: await stranger.signTypedData(typedData) },
      }
    }),
  )
}

/** Deliveries of many runs that are not signed by the wallets that claimed them. */
async function forgedDeliveries(): Promise<Sent[]> {
  const runIds: bigint[] = []
  while (runIds.length < 60) runIds.push(await runs.runIn('CLAIMED'))
  await market.indexed()
  const message = async (runId: bigint) =>
    signedAction(
      'submit',
      { runId: String(runId), deliverableHash: 'ipfs://work' },
      privateKeyToAccount(generatePrivateKey()),
    )
  return Promise.all(runIds.map(message))
}

/** Signed claims of open runs by agents that have no stake, each of which costs its wallet nothing but a registration. */
async function claimsWithoutStake(): Promise<Sent[]> {
  const agents: Agent[] = []
  while (agents.length < 20) agents.push(await runs.people.newAgent(privateKeyToAccount(generatePrivateKey()), 0n))
  const runIds: bigint[] = []
  while (runIds.length < 20) runIds.push(await runs.people.openRun(usdc))
  await market.indexed()
  return Promise.all(runIds.flatMap((runId) => agents.map((agent) => signedClaim(runId, agent))))
}

/** Ids of many runs: some are open, and some exist not at all. */
async function manyRuns(): Promise<bigint[]> {
  const runIds = Array.from({ length: 3_000 }, (_, place) => 1_000_000n + BigInt(place))
  while (runIds.length < 3_080) runIds.unshift(await runs.people.openRun(usdc))
  await market.indexed()
  return runIds
}

/** Claims of many runs with a signature that is none of theirs. */
async function forgedClaims(): Promise<Sent[]> {
  const runIds = await manyRuns()
  const forged = await signedClaim(runIds[0] ?? 0n, claimant, privateKeyToAccount(generatePrivateKey()))
  return runIds.map((runId) => ({ ...forged, path: `/api/runs/${runId}/claim` }))
}

/** Deliveries about many runs of an account that has claimed none of them. */
async function deliveriesOfStrangers(): Promise<Sent[]> {
  const runIds = await manyRuns()
  const claimed = await runs.runIn('CLAIMED')
  await market.indexed()
  const query = { runId: String(claimed), deliverableHash: 'ipfs://work' }
  const delivery = await signedAction('submit', query, privateKeyToAccount(generatePrivateKey()))
  return runIds.map((runId) => ({ ...delivery, path: `/api/runs/${runId}/submit` }))
}

describe(`${REQUESTS_PER_SECOND} free requests a second`, () => {
  it.each([
    ['messages of withdrawals', unstakeMessages],
    ['calls for anyone that are refused', refusedCalls],
    ['withdrawals of strangers', withdrawalsOfStrangers],
    ['deliveries of many runs with forged signatures', forgedDeliveries],
    ['claims of agents without stake', claimsWithoutStake],
    ['claims of many runs with forged signatures', forgedClaims],
    ['deliveries of strangers about many runs', deliveriesOfStrangers],
  ])(
    'for %s ask the node little, and stop no claim, delivery or review',
    { timeout: 90_000 },
    async (what, prepare) => {
      await market.client.setAutomine(true)
      const [alone, beside] = [await honestWork(), await honestWork()]
      const requests = await prepare()
      await market.indexed()
      await mineByTimeOnly()
      const before = await blocksOf(alone)
      for (const clients of [1, 30]) {
        const leaving = new AbortController()
        const flooding = flood(requests, clients, leaving.signal)
        await sleep(500)
        node.reset()
        const start = performance.now()
        await sleep(COUNTED_MS)
        const calls = Object.fromEntries(node.use().calls)
        const perSecond = Math.round((countCalls(node.use()) * 1_000) / (performance.now() - start))
        const after = clients === 30 ? await blocksOf(beside) : {}
        leaving.abort()
        const statuses = await flooding
        console.log({ what, clients, before, after, perSecond, calls, statuses })
        expect(Object.keys(statuses)).not.toContain('500')
        expect(perSecond).toBeLessThanOrEqual(MOST_CALLS_PER_SECOND)
        expectSoon(before, after)
      }
    },
  )
})
