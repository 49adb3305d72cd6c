import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { bytesToHex } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { beforeAll, describe, expect, it } from 'vitest'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { type Api, startApi } from '../../../tools/devnet/api.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, usdc } from '../../support/participants.ts'
import { type RpcProxy, startRpcProxy } from '../../support/rpcProxy.ts'
import { poster, type Runs, runsOn } from '../actions/runsInStates.ts'
import { claimApi } from '../claims/claimApi.ts'

/** How much longer an action may take beside a flood than alone. */
const MOST_RATIO = 3

const REGISTRATIONS = 360

/** A request that its client repeats: to send it costs nothing. */
type Sent = { path: string; body: object }

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

/** A claim, a delivery and a review, ready to be sent. */
async function honestWork(): Promise<Record<string, Sent>> {
  const [open, claimed, submitted] = [
    await runs.people.openRun(usdc),
    await runs.runIn('CLAIMED'),
    await runs.runIn('SUBMITTED'),
  ]
  await market.indexed()
  const { wallet, id } = claimant
  const word = await runs.people.sign(open, claimant)
  return {
    claim: { path: `/api/runs/${open}/claim`, body: { agentId: Number(id), walletAddress: wallet.address, ...word } },
    delivery: await signedAction(
      'submit',
      { runId: String(claimed), deliverableHash: 'ipfs://work' },
      runs.agent.wallet,
    ),
    review: await signedAction('approve', { runId: String(submitted), signer: poster.address }, poster),
  }
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

/** Sends a request of a flood from the address, on a connection of its own. @returns its status; undefined if it is aborted. */
async function send({ path, body }: Sent, address: string, signal: AbortSignal): Promise<number | undefined> {
  const headers = { 'Content-Type': 'application/json', 'X-Forwarded-For': address }
  try {
    const asking = request(`${api.url}${path}`, { method: 'POST', headers, signal }).end(JSON.stringify(body))
    const [answer] = (await once(asking, 'response')) as [IncomingMessage]
    await answer.toArray()
    return answer.statusCode
  } catch (error) {
    if (signal.aborted) return undefined
    throw error
  }
}

/** Waits for a block, so that what follows does not depend on how soon the next one comes. */
async function nextBlock() {
  const number = await market.client.getBlockNumber({ cacheTime: 0 })
  while ((await market.client.getBlockNumber({ cacheTime: 0 })) === number) await sleep(20)
}

/** Sends all at once, just after a block. @returns how many milliseconds each took. */
async function timesOf(work: Record<string, Sent>): Promise<Record<string, number>> {
  await nextBlock()
  const times = await Promise.all(
    Object.entries(work).map(async ([name, one]) => {
      const start = performance.now()
      const { status, body } = await client.post(one.path, one.body, { 'X-Forwarded-For': '203.0.113.1' })
      expect(status, `${name}: ${JSON.stringify(body)}`).toBe(200)
      return [name, Math.round(performance.now() - start)] as const
    }),
  )
  return Object.fromEntries(times)
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
      const before = await timesOf(alone)
      const leaving = new AbortController()
      node.reset()
      const start = performance.now()
      const flood = registrations.map((one, place) =>
        send(one, `198.51.100.${place % clients}`, leaving.signal).catch((error) => error.name),
      )
      await sleep(1_500)
      const after = await timesOf(beside)
      const simulations = node.use().calls.get('eth_estimateGas') ?? 0
      const seconds = (performance.now() - start) / 1_000
      leaving.abort()
      const made = (await Promise.all(flood)).filter((status) => status === 200).length
      console.log({ clients, before, after, made, simulations, seconds: Math.round(seconds) })
      for (const [name, milliseconds] of Object.entries(after)) {
        expect(milliseconds / Number(before[name]), name).toBeLessThanOrEqual(MOST_RATIO)
      }
      // The keeper settles a few at each block, and each of them may be tried twice.
      expect(made).toBeGreaterThan(0)
    },
  )
})
