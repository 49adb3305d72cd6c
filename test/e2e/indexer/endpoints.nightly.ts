import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { accountOf, roles } from '../../../tools/devnet/accounts.ts'
import { startAnvil } from '../../../tools/devnet/anvil.ts'
import { type Api, startApi } from '../../../tools/devnet/api.ts'
import { type Indexer, startIndexer } from '../../../tools/devnet/indexer.ts'
import { freshDatabase } from '../../support/database.ts'
import { startPublicChain } from '../../support/publicChain.ts'
import { type ChooseFault, type RpcProxy, startRpcProxy, status } from '../../support/rpcProxy.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'

/** Milliseconds from a fault of the first endpoint until the index has a block that is mined after it. */
const TAKEOVER_MS = 15_000

let chain: Awaited<ReturnType<typeof startPublicChain>>
let databaseUrl: string
let first: RpcProxy
let second: RpcProxy
let indexer: Indexer
let api: Api
const lines: string[] = []
let chooseFirst: ChooseFault = () => undefined
let chooseSecond: ChooseFault = () => undefined

beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  chain = await startPublicChain({ blockTime: 1 })
  parts.defer(chain.stop)
  const wrongChain = await startAnvil({ chainId: 1, blockTime: 1 })
  parts.defer(wrongChain.stop)
  first = await startRpcProxy(chain.rpcUrl, (call) => chooseFirst(call))
  parts.defer(first.stop)
  second = await startRpcProxy(chain.rpcUrl, (call) => chooseSecond(call))
  parts.defer(second.stop)
  databaseUrl = await freshDatabase()
  const rpcUrl = `${first.url}/v2/SECRETONE,${wrongChain.rpcUrl}?key=SECRETTWO, ${second.url}?key=SECRETTHREE`
  const onLine = (line: string) => lines.push(line)
  const connections = { ...chain, databaseUrl, rpcUrl, onLine }
  indexer = await startIndexer(connections)
  parts.defer(() => indexer.stop())
  api = await startApi(connections)
  parts.defer(() => api.stop())
  await waitForIndex(databaseUrl, await latest(), 60_000)
  const kept = parts.move()
  return () => kept.disposeAsync()
}, 120_000)

afterEach(async () => {
  chooseFirst = () => undefined
  chooseSecond = () => undefined
  await waitForIndex(databaseUrl, (await latest()) + 1n, 30_000)
})

const latest = () => chain.client.getBlockNumber({ cacheTime: 0 })

/** Waits until the index has a new event. */
async function untilEventIsIndexed() {
  const owner = accountOf(roles.owner).address
  const hash = await chain.registry.write.registerFor([owner, 'ipfs://agent'], { account: owner })
  const { blockNumber } = await chain.client.waitForTransactionReceipt({ hash })
  await waitForIndex(databaseUrl, blockNumber, TAKEOVER_MS)
  const agents = (await (await fetch(`${api.url}/api/agents?minBlock=${blockNumber}`)).json()) as { pagination: object }
  expect(agents.pagination).toMatchObject({ total: Number(await agentCount()) })
}

const agentCount = async () => (await chain.registry.getEvents.Transfer({}, { fromBlock: 0n })).length

/** The blocks of `head` while `during` runs. A reorg of the index would make them go back. */
async function headsDuring(during: () => Promise<void>) {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  const heads: number[] = []
  let isDone = false
  const watching = (async () => {
    for (; !isDone; await sleep(20)) {
      const { rows } = await client.query<{ number: string }>('SELECT number FROM runline.head')
      heads.push(Number(rows[0]?.number))
    }
  })()
  await during().finally(() => {
    isDone = true
  })
  await watching
  await client.end()
  return heads
}

test.each<[string, ChooseFault]>([
  ['hangs', () => ({ kind: 'hang' })],
  ['resets connections', () => ({ kind: 'reset' })],
  ['limits requests', () => status(429, 3_600)],
  ['answers with pages of HTML', () => status(200)],
  ['takes 10 s for each answer', () => ({ kind: 'delay', milliseconds: 10_000 })],
  ['leads to another chain', () => ({ kind: 'wrong chain', chainId: 10 })],
])('another endpoint takes over from one that %s', { timeout: 90_000 }, async (_, fault) => {
  chooseFirst = fault
  await untilEventIsIndexed()
})

test('an endpoint behind its sibling is not used, and is no reorg', { timeout: 90_000 }, async () => {
  const heads = await headsDuring(async () => {
    chooseFirst = () => ({ kind: 'stale', blocks: 5 })
    await untilEventIsIndexed()
    chooseFirst = () => undefined
    chooseSecond = () => ({ kind: 'stale', blocks: 5 })
    await untilEventIsIndexed()
  })
  expect(heads).toEqual(heads.toSorted((left, right) => left - right))
})

test('load-balanced nodes of which one is behind are no reorg', { timeout: 90_000 }, async () => {
  let turn = 0
  const balanced: ChooseFault = () => (turn++ % 2 ? { kind: 'stale', blocks: 3 } : undefined)
  const heads = await headsDuring(async () => {
    chooseFirst = balanced
    chooseSecond = balanced
    await untilEventIsIndexed()
    await untilEventIsIndexed()
  })
  expect(heads).toEqual(heads.toSorted((left, right) => left - right))
})

test('an endpoint that forges a latest block far ahead is not used, and the log says so', {
  timeout: 90_000,
}, async () => {
  const heads = await headsDuring(async () => {
    chooseSecond = () => ({ kind: 'forged head', blocks: 1_000_000, seconds: 0 })
    // Each check of the endpoint shows it.
    while ((second.counts.get('forged head') ?? 0) < 20) await untilEventIsIndexed()
  })
  expect(heads).toEqual(heads.toSorted((left, right) => left - right))
  expect(lines.join('\n')).toContain('An endpoint shows a latest block that is impossible by the others')
})

test('the latest block is null for a moment at the tip', { timeout: 90_000 }, async () => {
  let turn = 0
  const isTip: ChooseFault = ({ method }) =>
    method === 'eth_getBlockByNumber' && turn++ % 3 === 0 ? { kind: 'null block' } : undefined
  chooseFirst = isTip
  chooseSecond = isTip
  await untilEventIsIndexed()
})

test('the log names the endpoint of another chain, and no key of an endpoint', () => {
  const named = lines.filter((line) => line.includes('An endpoint serves another chain: it is not used'))
  expect(
    named.map((line) => JSON.parse(line)).some(({ chainId, expected }) => chainId === 1 && expected === chain.chainId),
  ).toBe(true)
  expect(lines.join('\n')).not.toMatch(/SECRET(ONE|TWO|THREE)/)
})
