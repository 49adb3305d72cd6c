import { pino } from 'pino'
import type { Hash } from 'viem'
import { beforeAll, expect, test } from 'vitest'
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

/** An endpoint that passes each request on to Anvil, and its requests. */
async function startNode(target: string) {
  const requests: { method: string }[] = []
  const proxy = await startHttpProxy(target, ({ body }, forward) => {
    requests.push(...[JSON.parse(body)].flat())
    return forward()
  })
  return { ...proxy, requests }
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

/** Ponder's requests once it follows the chain, and its first poll. */
async function following() {
  const endpoints = createEndpoints({ rpcUrls: [node.url], chainId: 31_337, logger: pino({ level: 'silent' }) })
  const { request } = ponderTransport(endpoints, { hideKeys: (text) => text, callsPerSecond: 500, addresses: [] })({})
  const ask = request as (call: { method: string; params: unknown[] }) => Promise<Block>
  const latest = await ask(POLL)
  node.requests.length = 0
  return { ask, latest }
}

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
  // Ponder waits for three of them.
  expect(node.requests.filter(({ method }) => method === 'eth_getBlockByHash')).toHaveLength(3)
  expect(node.requests.length).toBeLessThan(1.1 * BLOCKS)
})
