import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import type { Address, Hash } from 'viem'
import { beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { createEndpoints } from '../../../core/node/endpoints.ts'
import { createHeadSocket } from '../../../core/node/headSocket.ts'
import { ponderTransport } from '../../../core/node/ponderTransport.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { startAnvil } from '../../../tools/devnet/anvil.ts'
import { createAnvilClient } from '../../../tools/devnet/anvilClient.ts'
import { type RpcProxy, startRpcProxy } from '../../support/rpcProxy.ts'
import { startTcpProxy } from '../../support/tcpProxy.ts'

const POLL = { method: 'eth_getBlockByNumber', params: ['latest', true] }

/** Writes a log at each call. */
const EMITTER: Address = '0x00000000000000000000000000000000000e3147'
const WRITE_LOG = '0x5f5fa000'

/** More than the interval of the polls by HTTP beside a socket. */
const LATE_MS = 2_000

type Block = { number: string; hash: Hash; transactions: unknown[] }

const logger = pino({ level: 'silent' })
let client: ReturnType<typeof createAnvilClient>
let node: RpcProxy
let rpcUrl: string
/** Of the transport that `follow` has made last. */
let ask: (call: { method: string; params: unknown[] }) => Promise<unknown>

beforeAll(async () => {
  const anvil = await startAnvil()
  rpcUrl = anvil.rpcUrl
  client = createAnvilClient(rpcUrl)
  await client.setCode({ address: EMITTER, bytecode: WRITE_LOG })
  node = await startRpcProxy(rpcUrl)
  return async () => {
    await node.stop()
    await anvil.stop()
  }
})

beforeEach(() => client.mine({ blocks: 1 }))

/** A transport that gets hints from `wsUrl`, after its first poll, once the socket had time to open. */
async function follow(wsUrl: string) {
  const endpoints = createEndpoints({ rpcUrls: [node.url], chainId: 31_337, logger })
  const { request } = ponderTransport(endpoints, {
    hideKeys: (text) => text,
    callsPerSecond: 500,
    addresses: [EMITTER],
    socket: createHeadSocket(wsUrl, logger),
  })({})
  ask = request as typeof ask
  const poll = () => ask(POLL) as Promise<Block>
  await poll()
  await sleep(500)
  // The socket tells of the blocks from now on.
  await client.mine({ blocks: 1 })
  await untilSeen(poll)
  return poll
}

async function untilSeen(poll: () => Promise<Block>): Promise<Block> {
  const { hash } = await client.getBlock()
  for (const deadline = performance.now() + LATE_MS; ; ) {
    const block = await poll()
    if (block.hash === hash) return block
    if (performance.now() > deadline)
      throw new Error(`The polls show ${block.number}, not the latest block, after ${LATE_MS} ms`)
  }
}

async function mineTransaction(to: Address) {
  const hash = await client.sendTransaction({ account: accountOf(0).address, to })
  await client.waitForTransactionReceipt({ hash })
}

const socketUrl = (url: string) => url.replace('http', 'ws')

test('a block without logs of the contracts is known by the socket alone', async () => {
  const poll = await follow(socketUrl(rpcUrl))
  await untilSeen(poll)
  node.reset()
  await client.mine({ blocks: 1 })
  const startedAt = performance.now()
  await untilSeen(poll)
  expect(performance.now() - startedAt).toBeLessThan(500)
  expect([...node.use().calls]).toEqual([])
})

test('a block with such logs comes with its transactions, and its logs are read with it', async () => {
  const poll = await follow(socketUrl(rpcUrl))
  node.reset()
  await mineTransaction(EMITTER)
  const { hash, transactions } = await untilSeen(poll)
  expect(transactions).toHaveLength(1)
  expect(node.use().calls.get('eth_getLogs')).toBe(1)
  expect(await ask({ method: 'eth_getLogs', params: [{ blockHash: hash }] })).toHaveLength(1)
  expect(node.use().calls.get('eth_getLogs')).toBe(1)
})

test('so does a block with an empty bloom filter that has transactions', async () => {
  const poll = await follow(socketUrl(rpcUrl))
  await mineTransaction(accountOf(1).address)
  expect((await untilSeen(poll)).transactions).toHaveLength(1)
})

test('a socket that falls silent, and one of another chain, change nothing but the interval', async () => {
  const proxy = await startTcpProxy(Number(new URL(rpcUrl).port))
  onTestFinished(() => proxy.stop())
  const poll = await follow(proxy.urlOf(socketUrl(rpcUrl)))
  proxy.setSilent(true)
  for (let block = 0; block < 3; block++) {
    await client.mine({ blocks: 1 })
    await untilSeen(poll)
  }
  const other = await startAnvil()
  onTestFinished(() => other.stop())
  const otherPoll = await follow(socketUrl(other.rpcUrl))
  const otherClient = createAnvilClient(other.rpcUrl)
  await otherClient.mine({ blocks: 100 })
  await client.mine({ blocks: 1 })
  await untilSeen(otherPoll)
})

test('after a reorg, the polls show the new branch', async () => {
  const poll = await follow(socketUrl(rpcUrl))
  await client.mine({ blocks: 5 })
  await untilSeen(poll)
  await client.request({ method: 'anvil_reorg', params: [3, []] })
  await client.mine({ blocks: 1 })
  await untilSeen(poll)
})
