import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Hex } from 'viem'
import { beforeAll, expect, it } from 'vitest'
import { writeDeployment } from '../../../ops/writeDeployment.ts'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { startApi } from '../../../tools/devnet/api.ts'
import { startProcess } from '../../../tools/devnet/managedProcess.ts'
import { freshDatabase } from '../../support/database.ts'
import type { Answer } from '../../support/describedAnswers.ts'
import { startHttpProxy } from '../../support/httpProxy.ts'
import { sharedMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { type ChooseFault, type Fault, type RpcProxy, startRpcProxy } from '../../support/rpcProxy.ts'
import type { RpcCall } from '../../support/staleNode.ts'
import { temporaryDirectory } from '../../support/temporaryDirectory.ts'
import { claimApi } from '../claims/claimApi.ts'

const USER = 'operator-7f3c'
const PASSWORD = 'pa55-0d1e9b'
const KEY = 'SECRETKEY5a1c77'
const TOKEN = 'TOKEN90be21'

let market: TestMarket
let people: Participants
let agent: Agent
let node: RpcProxy
let gateway: Awaited<ReturnType<typeof startGateway>>

beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  market = await sharedMarket('unsigned')
  node = await startRpcProxy(market.rpcUrl)
  parts.defer(node.stop)
  gateway = await startGateway(node.url)
  parts.defer(gateway.stop)
  people = participantsOf(market)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  const kept = parts.move()
  return () => kept.disposeAsync()
}, 120_000)

/** A provider's gateway before its nodes: it checks the key, and repeats the path in its error pages. */
async function startGateway(target: string) {
  let isBroken = false
  const unknown: string[] = []
  const proxy = await startHttpProxy(target, (asked, forward) => {
    const path = `${asked.method} ${asked.path}`
    const isKnown =
      path === `POST /v2/${KEY}?token=${TOKEN}` &&
      asked.headers.authorization === `Basic ${btoa(`${USER}:${PASSWORD}`)}`
    if (!isKnown) unknown.push(path)
    if (isKnown && !isBroken) return forward()
    return {
      status: isKnown ? 502 : 401,
      headers: { 'Content-Type': 'text/html' },
      body: `<html><body><pre>Cannot ${path}\n${asked.body}</pre>${'<br>'.repeat(5_000)}</body></html>`,
    }
  })
  return {
    url: `${proxy.url.replace('://', `://${USER}:${PASSWORD}@`)}/v2/${KEY}?token=${TOKEN}`,
    /** Requests without the complete URL. */
    unknown,
    /** Whether to answer with HTML pages. */
    break: (broken: boolean) => {
      isBroken = broken
    },
    stop: proxy.stop,
  }
}

/** A node that repeats the request in its answer. */
const repeats = ({ method, params }: RpcCall): Fault => {
  const message = `cannot ${method} ${JSON.stringify(params)} at /v2/${KEY}`
  return { kind: 'reply', reply: { error: { code: -32_000, message } } }
}

const sends = ({ method }: RpcCall) => method === 'eth_sendRawTransaction'

const failures: [string, ChooseFault | 'html'][] = [
  ['refuses', () => ({ kind: 'refuse' })],
  ['refuses transactions', (call) => (sends(call) ? { kind: 'refuse' } : undefined)],
  ['answers 500', () => ({ kind: 'status 500', status: 500 })],
  ['answers a page of HTML', 'html'],
  ['hangs', () => ({ kind: 'hang' })],
  ['hangs on transactions', (call) => (sends(call) ? { kind: 'hang' } : undefined)],
  ['breaks off its answers', () => ({ kind: 'truncate' })],
  ['repeats the request', repeats],
  ['repeats transactions', (call) => (sends(call) ? repeats(call) : undefined)],
]

/** Longer than the API waits for a node, so that it logs a node that does not answer. */
const preference = { Prefer: 'wait=6' }

/** Occurrences of a secret in a text, with their context. */
function findIn(text: string, secrets: ReadonlyMap<string, string>): string[] {
  const searched = text.toLowerCase()
  return [...secrets].flatMap(([name, secret]) => {
    const place = searched.indexOf(secret.toLowerCase())
    return place < 0 ? [] : [`${name}: ${text.slice(Math.max(0, place - 200), place + 100)}`]
  })
}

it('no log and no answer contains the key of the node’s URL, a signature or a signed transaction', {
  timeout: 400_000,
}, async () => {
  const lines: string[] = []
  const answers: Answer[] = []
  const signatures: Hex[] = []
  const api = await startApi({
    ...market,
    port: 0,
    relayerKey: keyOf(roles.relayer),
    rpcUrl: gateway.url,
    env: { LOG_LEVEL: 'trace' },
    onLine: (line) => lines.push(line),
  })
  const client = claimApi(api.url)

  async function claimNewRun(more: object = {}, headers: Record<string, string> = {}) {
    const runId = await people.openRun(usdc)
    const signed = { ...(await people.sign(runId, agent)), ...more }
    signatures.push(signed.signature)
    const answer = await client.claim(runId, agent, signed, headers)
    answers.push(answer)
    if (answer.body.claimId) answers.push(await client.get(`/api/claims/${answer.body.claimId}`))
    return answer
  }

  async function look() {
    for (const url of [`${api.url}/readyz`, `${api.opsUrl}/status`, `${api.opsUrl}/metrics`]) {
      const response = await fetch(url)
      answers.push({ status: response.status, headers: response.headers, body: await response.text() })
    }
  }

  expect((await claimNewRun()).status).toBe(200)
  for (const [what, failure] of failures) {
    const start = lines.length
    if (failure === 'html') gateway.break(true)
    else node.from(failure)
    const [{ status }] = await Promise.all([
      claimNewRun({}, preference),
      look(),
      claimNewRun({ signature: `0x${'ab'.repeat(200)}` }, preference),
    ])
    // The keeper and the index watcher get these answers too.
    await sleep(1_500)
    gateway.break(false)
    node.heal()
    expect([what, status >= 200 && status < 600]).toEqual([what, true])
    expect([what, lines.slice(start).some((line) => line.includes('"err":'))]).toEqual([what, true])
  }
  expect((await claimNewRun()).status).toBe(200)
  await api.stop()

  const pool = new pg.Pool({ connectionString: market.databaseUrl })
  const { rows } = await pool.query<{ raw: string }>('SELECT raw FROM relay.attempt')
  await pool.end()
  expect(rows.length).toBeGreaterThan(2)
  const secrets = new Map<string, string>([
    ...Object.entries({ USER, PASSWORD, KEY, TOKEN, authorization: btoa(`${USER}:${PASSWORD}`) }),
    ['the relayer’s key', keyOf(roles.relayer).slice(2)],
    // Half of each secret, in case a node or an error splits it: r, s, and part of a transaction.
    ...signatures.flatMap((signature, place): [string, string][] => [
      [`r of signature ${place}`, signature.slice(2, 66)],
      [`s of signature ${place}`, signature.slice(66, 130)],
    ]),
    ...rows.map(({ raw }, place): [string, string] => [`transaction ${place}`, raw.slice(-130, -2)]),
  ])
  expect(gateway.unknown).toEqual([])
  expect(findIn(lines.join('\n'), secrets)).toEqual([])
  expect(findIn(JSON.stringify(answers.map(({ headers, body }) => [[...headers], body])), secrets)).toEqual([])
  // Proves that the search works: the host is found.
  expect(lines.filter((line) => line.includes('HttpRequestError')).length).toBeGreaterThan(5)
})

it('an API that cannot start does not log the key either', async () => {
  // The process reads this as the market contract's answer, and exits.
  const reverted = { code: 3, message: `execution reverted at /v2/${KEY}` }
  node.from(() => ({ kind: 'reply', reply: { error: reverted } }))
  const starting = startApi({ ...market, port: 0, relayerKey: keyOf(roles.relayer), rpcUrl: gateway.url })
  const { message } = await starting.then(
    () => ({ message: 'started' }),
    (error: Error) => error,
  )
  node.heal()
  expect(message).toContain('exited with code 1')
  expect(findIn(message, new Map(Object.entries({ USER, PASSWORD, KEY, TOKEN })))).toEqual([])
})

it('the indexer does not log the key, nor does Ponder', async () => {
  const lines: string[] = []
  // On a devnet Ponder creates its own transports.
  const chainId = 84_532
  const deployments = await temporaryDirectory()
  writeDeployment({ ...market.deployment, chainId }, deployments.path)
  gateway.break(true)
  const part = await startProcess({
    name: 'The indexer',
    command: process.execPath,
    args: ['ops/startIndexer.ts'],
    env: {
      DATABASE_URL: await freshDatabase(),
      DATABASE_SCHEMA: 'runline',
      CHAIN_ID: String(chainId),
      DEPLOYMENTS_DIR: deployments.path,
      RPC_URL: gateway.url,
      PONDER_PORT: '0',
      PORT: undefined,
      LOG_LEVEL: 'trace',
    },
    onLine: (line) => lines.push(line),
  })
  await Promise.race([part.ended, part.saw(/HttpRequestError|HTTP request failed/, 60_000)])
  // The next tries fail too.
  await sleep(3_000)
  gateway.break(false)
  await part.stop()
  await deployments.remove()
  expect(lines.some((line) => /HttpRequestError|HTTP request failed/.test(line))).toBe(true)
  expect(findIn(lines.join('\n'), new Map(Object.entries({ USER, PASSWORD, KEY, TOKEN })))).toEqual([])
})
