import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { encodeEventTopics, type Hash, type RpcLog } from 'viem'
import { afterEach, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { Evidence } from '../../../core/node/bloom.ts'
import { createEndpoints } from '../../../core/node/endpoints.ts'
import { MAX_ANSWER_BYTES } from '../../../core/node/http.ts'
import { ponderTransport } from '../../../core/node/ponderTransport.ts'
import { accountOf, roles } from '../../../tools/devnet/accounts.ts'
import { startHttpProxy } from '../../support/httpProxy.ts'
import { type MarketOnAnvil, startMarketOnAnvil } from '../../support/marketOnAnvil.ts'
import { type Fault, type RpcProxy, startRpcProxy, status } from '../../support/rpcProxy.ts'

type Request = (call: { method: string; params: unknown[] }) => Promise<unknown>

let chain: MarketOnAnvil
let node: RpcProxy
let request: Request

beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  chain = await startMarketOnAnvil()
  parts.defer(chain.stop)
  node = await startRpcProxy(chain.rpcUrl)
  parts.defer(node.stop)
  request = requestOf(node.url)
  const kept = parts.move()
  return () => kept.disposeAsync()
}, 60_000)

afterEach(() => {
  node.heal()
})

/** A transport of an indexer of the registry alone. */
function requestOf(url: string, evidence?: readonly Evidence[]): Request {
  const { chainId } = chain.deployment
  const endpoints = createEndpoints({ rpcUrls: [url], chainId, logger: pino({ level: 'silent' }) })
  const options = { hideKeys: (text: string) => text, callsPerSecond: 500, addresses: [chain.registry.address] }
  return ponderTransport(endpoints, { ...options, ...(evidence && { evidence }) })({}).request as Request
}

/** Sets the fault of all calls of a method. @returns a function that tells how many calls there were. */
function count(method: string, fault?: Fault) {
  let calls = 0
  node.from((call) => {
    if (call.method !== method) return undefined
    calls += 1
    return fault
  })
  return () => calls
}

/** As Ponder reads a block: the block, then its logs. */
async function readLogs(hash: Hash, ask = request) {
  await ask({ method: 'eth_getBlockByHash', params: [hash, true] })
  return (await ask({ method: 'eth_getLogs', params: [{ blockHash: hash }] })) as RpcLog[]
}

async function newBlockWithLogs(): Promise<Hash> {
  const hash = await chain.registry.write.register(['ipfs://any'], { account: accountOf(roles.owner) })
  return (await chain.client.getTransactionReceipt({ hash })).blockHash
}

/** A call without faults of its own, for which the node's answer is null. */
const ofNoTransaction = { method: 'eth_getTransactionReceipt', params: [`0x${'11'.repeat(32)}`] }

test('logs that the node does not have yet are asked for again', async () => {
  const hash = await newBlockWithLogs()
  node.plan('eth_getLogs', [{ kind: 'no logs' }, { kind: 'no logs' }])
  expect((await readLogs(hash)).length).toBeGreaterThan(0)
  expect(node.isUsedUp()).toBe(true)
})

test('logs that the node never has are asked for four times', async () => {
  const hash = await newBlockWithLogs()
  const calls = count('eth_getLogs', { kind: 'no logs' })
  await expect(readLogs(hash)).rejects.toThrow('no logs of a block whose bloom filter has some')
  expect(calls()).toBe(4)
})

test('the logs of a block whose transactions have none are asked for once', async () => {
  const transfer = { account: accountOf(roles.owner).address, to: accountOf(roles.treasury).address, chain: null }
  const hash = await chain.client.sendTransaction(transfer)
  const { blockHash } = await chain.client.waitForTransactionReceipt({ hash })
  const calls = count('eth_getLogs')
  expect(await readLogs(blockHash)).toEqual([])
  expect(calls()).toBe(1)
})

test('the node is not asked for the logs of a block without transactions', async () => {
  await chain.client.mine({ blocks: 1 })
  const { hash } = await chain.client.getBlock()
  const calls = count('eth_getLogs')
  expect(await readLogs(hash)).toEqual([])
  expect(calls()).toBe(0)
})

test('where a bloom filter has no event of the contracts, logs are not asked for', async () => {
  const hash = await chain.usdc.write.approve([chain.market.address, 1n], { account: accountOf(roles.owner) })
  const { blockHash } = await chain.client.getTransactionReceipt({ hash })
  const calls = count('eth_getLogs')
  expect(await readLogs(blockHash)).toEqual([])
  expect(calls()).toBe(0)
})

test('where it may have one, logs are asked for, and those of other contracts are not passed on', async () => {
  const { address } = chain.usdc
  const hash = await chain.usdc.write.approve([chain.market.address, 1n], { account: accountOf(roles.owner) })
  const { blockHash } = await chain.client.getTransactionReceipt({ hash })
  const [approval] = encodeEventTopics({ abi: chain.usdc.abi, eventName: 'Approval' })
  const [transfer] = encodeEventTopics({ abi: chain.usdc.abi, eventName: 'Transfer' })
  const calls = count('eth_getLogs')
  expect(await readLogs(blockHash, requestOf(node.url, [[address, transfer]]))).toEqual([])
  expect(calls()).toBe(0)
  expect(
    await readLogs(
      blockHash,
      requestOf(node.url, [
        [address, transfer],
        [address, approval],
      ]),
    ),
  ).toEqual([])
  expect(calls()).toBe(1)
})

// Ponder would wait for a minute.
test('a call that is refused three times is answered at the fourth, within seconds', { timeout: 10_000 }, async () => {
  node.plan(ofNoTransaction.method, [{ kind: 'refuse' }, { kind: 'reset' }, status(503)])
  expect(await request(ofNoTransaction)).toBeNull()
  expect(node.isUsedUp()).toBe(true)
})

test('a node that limits requests gets a call ever less often', { timeout: 20_000 }, async () => {
  const calls = count(ofNoTransaction.method, status(429))
  const answer = request(ofNoTransaction)
  await sleep(6_500)
  // After 0, 0.15, 0.45, 1.05, 2.25, 4.25 and 6.25 seconds.
  expect(calls()).toBeLessThanOrEqual(7)
  node.heal()
  expect(await answer).toBeNull()
})

test('a call that hangs is sent again within seconds', { timeout: 10_000 }, async () => {
  node.plan(ofNoTransaction.method, [{ kind: 'hang' }])
  expect(await request(ofNoTransaction)).toBeNull()
  expect(node.isUsedUp()).toBe(true)
})

test('logs that are longer than we read are refused at once, with an error after which Ponder asks for fewer', async () => {
  const verbose = await startHttpProxy(chain.rpcUrl, ({ body }, forward) => {
    if (!body.includes('eth_getLogs')) return forward()
    return {
      status: 200,
      headers: { 'Content-Type': 'application/json' },
      body: `{"result":"${'x'.repeat(MAX_ANSWER_BYTES)}"}`,
    }
  })
  onTestFinished(verbose.stop)
  const askForLogs = requestOf(verbose.url)
  const logs = askForLogs({ method: 'eth_getLogs', params: [{ fromBlock: '0x0', toBlock: '0x1' }] })
  const error = await logs.catch((refused) => refused)
  // As Ponder looks for it.
  expect(JSON.stringify(error)).toContain('backend response too large')
})
