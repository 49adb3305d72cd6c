import { pino } from 'pino'
import { type Hash, numberToHex } from 'viem'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { createEndpoints } from '../../../core/node/endpoints.ts'
import { ponderTransport } from '../../../core/node/ponderTransport.ts'
import { type Anvil, startAnvil } from '../../../tools/devnet/anvil.ts'
import { createAnvilClient } from '../../../tools/devnet/anvilClient.ts'
import { startHttpProxy } from '../../support/httpProxy.ts'

const BLOCKS = 60
const POLL = { method: 'eth_getBlockByNumber', params: ['latest', true] }

type Block = { number: string; hash: Hash; parentHash: Hash }

let anvil: Anvil
let client: ReturnType<typeof createAnvilClient>
let node: Awaited<ReturnType<typeof startNode>>

/** An endpoint that passes each request on to Anvil, and refuses a batch of more calls than its limit. */
async function startNode(target: string) {
  const settings = { mostCalls: Number.POSITIVE_INFINITY }
  const requests: number[] = []
  const proxy = await startHttpProxy(target, ({ body }, forward) => {
    const calls = [JSON.parse(body)].flat().length
    if (calls > settings.mostCalls) {
      const error = { code: -32_600, message: 'batch too large' }
      return {
        status: 400,
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: null, error }),
      }
    }
    requests.push(calls)
    return forward()
  })
  return { ...proxy, settings, requests }
}

beforeAll(async () => {
  anvil = await startAnvil()
  client = createAnvilClient(anvil.rpcUrl)
  await client.mine({ blocks: BLOCKS })
  node = await startNode(anvil.rpcUrl)
  return async () => {
    await node.stop()
    await anvil.stop()
  }
})

beforeEach(() => {
  node.settings.mostCalls = Number.POSITIVE_INFINITY
})

/** Ponder's requests once it follows the chain, and its first poll. */
async function following() {
  const endpoints = createEndpoints({ rpcUrls: [node.url], chainId: 31_337, logger: pino({ level: 'silent' }) })
  const { request } = ponderTransport(endpoints, { hideKeys: (text) => text, callsPerSecond: 500, addresses: [] })({})
  const ask = request as (call: { method: string; params: unknown[] }) => Promise<Block>
  const latest = await ask(POLL)
  node.requests.length = 0
  return { ask, latest }
}

const blockCalls = (count: number) =>
  Array.from({ length: count }, (_, place) => ({
    method: 'eth_getBlockByNumber',
    params: [numberToHex(BLOCKS - place), true],
  }))

test('calls that Ponder makes at once are a batch', async () => {
  const { ask } = await following()
  const blocks = await Promise.all(blockCalls(25).map(ask))
  expect(blocks.map(({ number }) => Number(number))).toEqual(Array.from({ length: 25 }, (_, place) => BLOCKS - place))
  expect(node.requests).toEqual([25])
})

test('an endpoint that refuses batches gets the calls one by one', async () => {
  const { ask } = await following()
  node.settings.mostCalls = 2
  const blocks = await Promise.all(blockCalls(25).map(ask))
  expect(blocks.map(({ number }) => Number(number))).toEqual(Array.from({ length: 25 }, (_, place) => BLOCKS - place))
  expect(node.requests).toEqual(Array(25).fill(1))
})

const logsOf = (blockHash: Hash) => ({ method: 'eth_getLogs', params: [{ blockHash }] })

test('the node is not asked for the logs of a block without transactions', async () => {
  const { ask, latest } = await following()
  expect(await ask(logsOf(latest.hash))).toEqual([])
  expect(node.requests).toEqual([])
})

test('the blocks of a branch are read ahead while Ponder looks for their fork', async () => {
  const { ask, latest } = await following()
  let block = latest
  while (Number(block.number) > 1) {
    const parent = await ask({ method: 'eth_getBlockByHash', params: [block.parentHash, false] })
    expect(parent.hash).toBe(block.parentHash)
    block = parent
  }
  expect(node.requests).toEqual([25, 25, expect.any(Number)])
})
