import type { LocalAccount } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { beforeAll, expect, inject, it } from 'vitest'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { type Api, startApi } from '../../../tools/devnet/api.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { type RpcProxy, startRpcProxy } from '../../support/rpcProxy.ts'
import { startTcpProxy } from '../../support/tcpProxy.ts'
import { poster, type Runs, runsOn, type Situation } from '../actions/runsInStates.ts'
import { claimApi } from '../claims/claimApi.ts'

/** What the requests prefer to wait for, and how much longer an answer may take. The server closes a connection after 30 s. */
const WAIT_SECONDS = 1
const LIMIT_MS = (WAIT_SECONDS + 14) * 1_000

type Parameter = { name: string; in: string; required?: boolean; example?: unknown }
type Operation = { parameters?: Parameter[] }
const { paths }: { paths: Record<string, Record<string, Operation>> } = JSON.parse(inject('apiDescription'))
const routes = Object.entries(paths).flatMap(([path, methods]) =>
  Object.keys(methods).map((method) => ({ path, method })),
)

/** Pages and other routes that /openapi.json does not describe. */
const pages = [
  '/',
  '/runs/1',
  '/agents',
  '/agents/1',
  '/market',
  '/post',
  '/connect',
  '/docs',
  '/llms.txt',
  '/openapi.json',
]

/** A request of a route: its path with values, its body, if it has one, and the method that sends it, if not POST. */
type Prepared = { path: string; body?: object; method?: 'DELETE' }

let market: TestMarket
let people: Participants
let runs: Runs
let node: RpcProxy
let database: Awaited<ReturnType<typeof startTcpProxy>>
/** Reaches its node and its database through proxies. */
let api: Api
/** Valid requests by method and route, of which none has been sent. */
const requests = new Map<string, Prepared>()

beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  market = await startTestMarket()
  parts.defer(market.stop)
  people = participantsOf(market)
  runs = await runsOn(market)
  node = await startRpcProxy(market.rpcUrl)
  parts.defer(node.stop)
  database = await startTcpProxy(Number(new URL(market.databaseUrl).port))
  parts.defer(database.stop)
  api = await startApi({
    ...market,
    rpcUrl: node.url,
    databaseUrl: database.urlOf(market.databaseUrl),
    relayerKey: keyOf(roles.relayer),
  })
  parts.defer(api.stop)
  await prepareAll()
  const kept = parts.move()
  return () => kept.disposeAsync()
}, 180_000)

async function accountWith(amount: bigint): Promise<LocalAccount> {
  const account = privateKeyToAccount(generatePrivateKey())
  await people.mined(() => market.usdc.write.mint([account.address, amount]))
  return account
}

/** Prepares a request of each route. */
async function prepareAll() {
  const signed: [route: string, action: string, signer: LocalAccount, query: Record<string, unknown>][] = []
  const aboutRun = async (action: string, situation: Situation, more: Record<string, unknown> = {}) => {
    const signer = ['start', 'submit', 'abandon'].includes(action) ? runs.agent.wallet : poster
    signed.push([`/api/runs/{id}/${action}`, action, signer, { runId: await runs.runIn(situation), ...more }])
  }
  const signer = poster.address
  await aboutRun('start', 'CLAIMED')
  await aboutRun('submit', 'IN_PROGRESS', { deliverableHash: 'ipfs://work' })
  await aboutRun('abandon', 'CLAIMED')
  await aboutRun('approve', 'SUBMITTED', { signer })
  await aboutRun('revise', 'SUBMITTED', { signer, feedbackHash: 'ipfs://feedback' })
  await aboutRun('reject', 'LAST_SUBMITTED', { signer })
  await aboutRun('close', 'OPEN')
  await aboutRun('name-claimant', 'RESERVED', { claimant: runs.agent.wallet.address })
  const payer = await accountWith(105n * usdc)
  const deadline = (await people.now()) + 86_400n
  const terms = { ipfsHash: 'ipfs://run', reward: 100n * usdc, deadline }
  signed.push(['/api/runs', 'post', payer, { poster: payer.address, ...terms }])
  const owner = await accountWith(0n)
  signed.push(['/api/agents', 'register', owner, { owner: owner.address, agentURI: 'ipfs://agent' }])
  const from = await accountWith(20n * usdc)
  const stake = { agentId: runs.agent.id, from: from.address, amount: 20n * usdc }
  signed.push(['/api/agents/{id}/stake', 'stake', from, stake])
  const { id, wallet } = await people.newAgent(accountOf(4), 30n * usdc)
  const unstake = { agentId: id, signer: wallet.address, amount: usdc }
  signed.push(['/api/agents/{id}/unstake', 'unstake', wallet, unstake])
  const applied = { runId: await runs.runIn('RESERVED'), agentId: id, walletAddress: wallet.address }
  signed.push(['/api/runs/{id}/applications', 'apply', wallet, { ...applied, note: 'I can do this.' }])
  signed.push(['/api/runs/{id}/applications', 'withdraw', wallet, applied])

  const runId = await people.openRun(usdc)
  await market.indexed()
  const direct = claimApi(market.api.url)
  for (const [route, action, by, query] of signed) {
    const parameters = new URLSearchParams(
      Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
    )
    const { body: message } = await direct.get(`/api/messages/${action}?${parameters}`)
    const signature = await by.signTypedData(message.typedData)
    const request = { path: message.path, body: { ...message.body, signature } }
    if (action === 'withdraw') requests.set(`delete ${route}`, { ...request, method: 'DELETE' })
    else requests.set(`post ${route}`, request)
  }
  const claim = { agentId: Number(runs.agent.id), walletAddress: runs.agent.wallet.address }
  requests.set('post /api/runs/{id}/claim', { path: `/api/runs/${runId}/claim`, body: claim })
  for (const name of ['finalize', 'expire', 'slash', 'reject-overdue']) {
    requests.set(`post /api/runs/{id}/${name}`, { path: `/api/runs/${runId}/${name}`, body: {} })
  }
  requests.set('post /api/payees/{address}/collect', { path: `/api/payees/${signer}/collect`, body: {} })
  requests.set('post /api/content', { path: '/api/content', body: { title: 'A brief' } })
  for (const [path, { get }] of Object.entries(paths)) {
    if (get) requests.set(`get ${path}`, { path: exampleOf(path, get.parameters ?? []) })
  }
}

/** The path with the example of each parameter that it needs. */
function exampleOf(path: string, parameters: Parameter[]): string {
  const needed = parameters.filter(({ required }) => required)
  const inPath = needed.filter((one) => one.in === 'path')
  const query = needed
    .filter((one) => one.in === 'query')
    .map(({ name, example }): [string, string] => [name, String(example)])
  const filled = inPath.reduce((rest, { name, example }) => rest.replace(`{${name}}`, String(example)), path)
  return query.length === 0 ? filled : `${filled}?${new URLSearchParams(query)}`
}

/** Sends all requests at once. @returns how each was answered, and after how many milliseconds, the slowest first. */
async function sendAll() {
  const all = [...requests].concat(pages.map((path) => [`get ${path}`, { path }]))
  const answers = await Promise.all(
    all.map(async ([route, { path, body, method = 'POST' }]) => {
      const start = performance.now()
      const headers = { 'Content-Type': 'application/json', Prefer: `wait=${WAIT_SECONDS}` }
      const init = body ? { method, headers, body: JSON.stringify(body) } : {}
      const signal = AbortSignal.timeout(2 * LIMIT_MS)
      const status = await fetch(`${api.url}${path}`, { ...init, signal }).then(
        async (response) => {
          // A stream stays open.
          if (route === 'get /api/stream') await response.body?.cancel()
          else await response.arrayBuffer()
          return response.status
        },
        (error) => String(error.cause ?? error),
      )
      return { route, status, milliseconds: Math.round(performance.now() - start) }
    }),
  )
  return answers.toSorted((left, right) => right.milliseconds - left.milliseconds)
}

it('has a request of every route that is described', () => {
  expect([...requests.keys()].toSorted()).toEqual(routes.map(({ path, method }) => `${method} ${path}`).toSorted())
})

it.each([
  ['node', () => node.from(() => ({ kind: 'hang' })), () => node.heal()],
  ['database', () => database.setSilent(true), () => database.setSilent(false)],
] as const)(
  'answers every request in time while its %s does not answer',
  { timeout: 120_000 },
  async (_, stop, heal) => {
    stop()
    const answers = await sendAll()
    heal()
    expect(answers.filter(({ status, milliseconds }) => typeof status !== 'number' || milliseconds > LIMIT_MS)).toEqual(
      [],
    )
    await expect.poll(async () => (await fetch(`${api.url}/readyz`)).status, { timeout: 30_000 }).toBe(200)
  },
)
