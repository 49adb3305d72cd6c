import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import type { Hex } from 'viem'
import { beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { createEndpoints } from '../../../core/node/endpoints.ts'
import { ponderTransport } from '../../../core/node/ponderTransport.ts'
import { startAnvil } from '../../../tools/devnet/anvil.ts'
import { createAnvilClient } from '../../../tools/devnet/anvilClient.ts'
import { mineBlocks } from '../../../tools/devnet/mineBlocks.ts'
import { countCalls, startRpcProxy } from '../../support/rpcProxy.ts'

const BLOCK_TIME_MS = 200
/** Ponder's interval. */
const POLL_MS = 100
const POLL = { method: 'eth_getBlockByNumber', params: ['latest', true] }

/** Of polls that find the interval of the blocks, and of those that are measured. */
const FIRST_BLOCKS = 25
const BLOCKS = 40

type Block = { number: Hex }

let rpcUrl: string
let client: ReturnType<typeof createAnvilClient>
/** When each block was mined, by its number. By `performance.now()`. */
const minedAt = new Map<number, number>()

beforeAll(async () => {
  const anvil = await startAnvil()
  rpcUrl = anvil.rpcUrl
  client = createAnvilClient(rpcUrl)
  await client.setAutomine(false)
  return anvil.stop
})

/** Mines at the interval, and notes when. */
function mine() {
  let number = 0
  const timed = {
    ...client,
    async mine(options: { blocks: number }) {
      await client.mine(options)
      number ||= Number(await client.getBlockNumber()) - options.blocks
      number += options.blocks
      minedAt.set(number, performance.now())
    },
  }
  return mineBlocks(timed, BLOCK_TIME_MS)
}

/** Polls as Ponder does. @returns a node that counts the calls, and when the polls see each block. */
async function poll() {
  const node = await startRpcProxy(rpcUrl)
  onTestFinished(node.stop)
  const logger = pino({ level: 'silent' })
  const endpoints = createEndpoints({ rpcUrls: [node.url], chainId: 31_337, logger })
  const transport = ponderTransport(endpoints, {
    hideKeys: (text) => text,
    callsPerSecond: 500,
    addresses: [],
    blockTimeMs: () => BLOCK_TIME_MS,
  })({})
  const request = transport.request as (call: typeof POLL) => Promise<Block>
  const seenAt = new Map<number, number>()
  const timer = setInterval(async () => {
    const number = Number((await request(POLL)).number)
    if (!seenAt.has(number)) seenAt.set(number, performance.now())
  }, POLL_MS)
  onTestFinished(() => clearInterval(timer))
  return { node, seenAt }
}

const untilSeen = (seenAt: ReadonlyMap<number, number>, blocks: number) =>
  expect.poll(() => seenAt.size, { timeout: 30_000, interval: 50 }).toBeGreaterThanOrEqual(blocks)

beforeEach(() => minedAt.clear())

/** Beside other tests, the machine itself may delay blocks and polls. */
const RETRIES = 2

/** Polls until it has found the interval of the blocks, and measures the next ones. */
async function measurePolls() {
  const { node, seenAt } = await poll()
  await untilSeen(seenAt, FIRST_BLOCKS)
  node.reset()
  await untilSeen(seenAt, FIRST_BLOCKS + BLOCKS)
  const calls = countCalls(node.use())
  const late = [...seenAt].slice(FIRST_BLOCKS).map(([number, at]) => at - (minedAt.get(number) ?? Number.NaN))
  const median = late.toSorted((a, b) => a - b)[Math.floor(late.length / 2)]
  console.log(`${calls} calls for ${BLOCKS} blocks; a block waits ${median?.toFixed(0)} ms`)
  return { calls, median }
}

test('half of the polls are sent, and a block is found soon', {
  retry: RETRIES,
}, async () => {
  const mining = mine()
  onTestFinished(mining.stop)
  // Polls at the interval alone would find each block as late as the first one, by the half of it.
  await sleep(BLOCK_TIME_MS / 2)
  const { calls, median } = await measurePolls()
  expect(median).toBeLessThan(0.7 * POLL_MS)
  expect(calls).toBeLessThan(1.4 * BLOCKS)
})

test('the blocks of a chain that had stopped are found', async () => {
  const mining = mine()
  const { seenAt } = await poll()
  await untilSeen(seenAt, FIRST_BLOCKS)
  await mining.stop()
  await sleep(2_000)
  const again = mine()
  onTestFinished(again.stop)
  await untilSeen(seenAt, 2 * FIRST_BLOCKS)
})
