import { createPublicClient, createTestClient, createWalletClient, http, numberToHex, parseGwei } from 'viem'
import { foundry } from 'viem/chains'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accountOf } from '../../tools/devnet/accounts.ts'
import { type Anvil, startAnvil } from '../../tools/devnet/anvil.ts'
import { drawFaults } from '../simulation/faults/drawFaults.ts'
import { requirePriceBump } from '../support/replacementRule.ts'
import { type Fault, type RpcProxy, says, startRpcProxy, status } from '../support/rpcProxy.ts'
import type { RpcCall } from '../support/staleNode.ts'

let anvil: Anvil
let proxy: RpcProxy
let next: Fault | undefined

beforeAll(async () => {
  anvil = await startAnvil()
  proxy = await startRpcProxy(anvil.rpcUrl, () => next)
  await call('anvil_mine', [numberToHex(5)])
})

afterAll(async () => {
  await proxy?.stop()
  await anvil?.stop()
})

async function ask(method: string, params: unknown[], fault?: Fault) {
  next = fault
  const body = JSON.stringify({ jsonrpc: '2.0', id: 7, method, params })
  const milliseconds = fault?.kind === 'hang' ? 300 : 20_000
  const response = await fetch(proxy.url, { method: 'POST', body, signal: AbortSignal.timeout(milliseconds) })
  return { status: response.status, text: await response.text() }
}

async function call(method: string, params: unknown[], fault?: Fault) {
  const { text } = await ask(method, params, fault)
  return JSON.parse(text)
}

test('without a fault, the proxy passes calls and answers on', async () => {
  const client = createPublicClient({ chain: foundry, transport: http(proxy.url) })
  expect(await client.getBlockNumber()).toBe(5n)
})

test('the calls of a batch have separate faults, and a broken connection breaks all of them', async () => {
  const body = JSON.stringify(
    ['eth_chainId', 'eth_blockNumber'].map((method, id) => ({ jsonrpc: '2.0', id, method, params: [] })),
  )
  next = undefined
  const batch = () => fetch(proxy.url, { method: 'POST', body })
  expect(await (await batch()).json()).toMatchObject([
    { id: 0, result: '0x7a69' },
    { id: 1, result: '0x5' },
  ])
  next = { kind: 'drop' }
  await expect(batch()).rejects.toThrow('fetch failed')
})

test('a refused call does not reach the node, and a call with a dropped answer does', async () => {
  await expect(ask('anvil_mine', [], { kind: 'refuse' })).rejects.toThrow('fetch failed')
  expect(await call('eth_blockNumber', [])).toMatchObject({ result: '0x5' })
  await expect(ask('anvil_mine', [], { kind: 'drop' })).rejects.toThrow('fetch failed')
  expect(await call('eth_blockNumber', [])).toMatchObject({ result: '0x6' })
})

test('a hanging call gets no answer, and a delayed call a late one', async () => {
  await expect(ask('eth_chainId', [], { kind: 'hang' })).rejects.toThrow('timeout')
  const before = performance.now()
  expect(await call('eth_chainId', [], { kind: 'delay', milliseconds: 100 })).toMatchObject({ result: '0x7a69' })
  expect(performance.now() - before).toBeGreaterThan(95)
})

test('each kind of fault changes the answer as described', async () => {
  expect(await ask('eth_chainId', [], status(429))).toMatchObject({ status: 429 })
  const whole = (await ask('eth_getBlockByNumber', ['0x3', true])).text
  const { text } = await ask('eth_getBlockByNumber', ['0x3', true], { kind: 'truncate' })
  expect(text.length).toBeGreaterThan(0)
  expect(whole.startsWith(text) && text.length < whole.length).toBe(true)
  expect(await call('eth_getBlockByNumber', ['0x3', true], { kind: 'null block' })).toEqual({
    jsonrpc: '2.0',
    id: 7,
    result: null,
  })
  expect(await call('eth_getLogs', [{}], { kind: 'no logs' })).toMatchObject({ result: [] })
  expect(await call('eth_chainId', [], { kind: 'wrong chain', chainId: 1 })).toMatchObject({ result: '0x1' })
  await expect(ask('eth_chainId', [], { kind: 'reset' })).rejects.toThrow('fetch failed')
  expect(await ask('eth_chainId', [], status(200))).toMatchObject({
    status: 200,
    text: expect.stringMatching(/^<html>/),
  })
})

test('a provider limits requests with or without Retry-After', async () => {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'eth_chainId', params: [] })
  const retryAfter = async (fault: Fault) => {
    next = fault
    return (await fetch(proxy.url, { method: 'POST', body })).headers.get('Retry-After')
  }
  expect([await retryAfter(status(429, 3)), await retryAfter(status(429))]).toEqual(['3', null])
})

test('a stale node answers with an earlier block of the same chain as the latest', async () => {
  const { number } = (await call('eth_getBlockByNumber', ['latest', false])).result
  const fault = { kind: 'stale', blocks: 2 } as const
  const stale = (await call('eth_getBlockByNumber', ['latest', false], fault)).result
  expect(BigInt(stale.number)).toBe(BigInt(number) - 2n)
  expect(stale).toEqual((await call('eth_getBlockByNumber', [stale.number, false])).result)
  expect((await call('eth_blockNumber', [], fault)).result).toBe(stale.number)
})

test('a stale node has neither later transactions nor the state after them', async () => {
  const client = createPublicClient({ chain: foundry, transport: http(anvil.rpcUrl) })
  const from = accountOf(0)
  const to = accountOf(1).address
  const wallet = createWalletClient({ account: from, chain: foundry, transport: http(anvil.rpcUrl) })
  const hash = await wallet.sendTransaction({ to, value: 1n })
  await client.waitForTransactionReceipt({ hash, pollingInterval: 20 })
  const fault = { kind: 'stale', blocks: 1 } as const
  expect((await call('eth_getTransactionReceipt', [hash], fault)).result).toBeNull()
  expect((await call('eth_getTransactionReceipt', [hash])).result).toMatchObject({ status: '0x1' })
  const latest = await client.getBlock()
  expect((await call('eth_getBlockByNumber', [numberToHex(latest.number), false], fault)).result).toBeNull()
  expect((await call('eth_getBlockByHash', [latest.hash, false], fault)).result).toBeNull()
  expect((await call('eth_getBlockByHash', [latest.parentHash, false], fault)).result).not.toBeNull()
  for (const tag of ['latest', 'pending']) {
    expect((await call('eth_getTransactionCount', [from.address, tag], fault)).result).toBe('0x0')
    expect((await call('eth_getTransactionCount', [from.address, tag])).result).toBe('0x1')
  }
})

test('a node that miscounts is off by the given number, and never below zero', async () => {
  const count = async (by: number) =>
    (await call('eth_getTransactionCount', [accountOf(0).address, 'latest'], { kind: 'nonce', by })).result
  expect([await count(2), await count(-1), await count(-5)]).toEqual(['0x3', '0x0', '0x0'])
})

test('a node with Geth’s rule accepts a replacement only if both fees rise by 10 %', async () => {
  const strict = await startRpcProxy(anvil.rpcUrl, requirePriceBump(anvil.rpcUrl))
  const account = accountOf(2)
  const wallet = createWalletClient({ account, chain: foundry, transport: http(strict.url, { retryCount: 0 }) })
  const offer = (maxFeePerGas: bigint, maxPriorityFeePerGas: bigint) =>
    wallet.sendTransaction({ to: account.address, nonce: 0, gas: 21_000n, maxFeePerGas, maxPriorityFeePerGas })
  await call('evm_setAutomine', [false])
  const first = await offer(parseGwei('10'), parseGwei('1'))
  const refusals = [
    [parseGwei('10.9'), parseGwei('1.2')],
    [parseGwei('12'), parseGwei('1.09')],
  ] as const
  for (const prices of refusals) await expect(offer(...prices)).rejects.toThrow('replacement transaction underpriced')
  const client = createTestClient({ mode: 'anvil', chain: foundry, transport: http(anvil.rpcUrl) })
  const pooled = async () => Object.values((await client.getTxpoolContent()).pending).flatMap(Object.values)
  expect((await pooled()).map(({ hash }) => hash)).toEqual([first])
  const second = await offer(parseGwei('11'), parseGwei('1.1'))
  expect((await pooled()).map(({ hash }) => hash)).toEqual([second])
  await call('evm_setAutomine', [true])
  await strict.stop()
})

test('the proxy can send any reply', async () => {
  expect(await call('eth_sendRawTransaction', ['0x'], says('nonce too low'))).toMatchObject({
    id: 7,
    error: { code: -32000, message: 'nonce too low' },
  })
  expect(proxy.counts.get('reply')).toBe(1)
})

const calls: RpcCall[] = Array.from({ length: 8_000 }, (_, index) => ({
  jsonrpc: '2.0',
  id: index,
  method: ['eth_getBlockByNumber', 'eth_getLogs', 'eth_chainId', 'eth_call'][index % 4] ?? '',
  params: [index % 3 === 0 ? 'latest' : { blockHash: index % 5 }],
}))

const subject = ({ method, params }: RpcCall) => JSON.stringify([method, params])

/** The faults of each kind of call, in the order of its calls. */
function drawn(seed: number, order: RpcCall[]) {
  const choose = drawFaults({ seed, probability: 0.5 })
  return Object.groupBy(
    order.map((call) => ({ subject: subject(call), fault: choose(call) })),
    ({ subject }) => subject,
  )
}

test('a random seed draws the same faults for any order of the calls, and draws every kind', () => {
  const faults = drawn(1, calls)
  expect(drawn(1, calls.toReversed())).toEqual(faults)
  expect(drawn(2, calls)).not.toEqual(faults)
  const kinds = new Set(Object.values(faults).flatMap((each) => each?.flatMap(({ fault }) => fault?.kind ?? []) ?? []))
  expect([...kinds].sort()).toEqual(
    [
      'delay',
      'drop',
      'hang',
      'no logs',
      'null block',
      'refuse',
      'reset',
      'stale',
      'status 200',
      'status 429',
      'status 502',
      'status 503',
      'truncate',
      'wrong chain',
    ].sort(),
  )
  for (const [call, each] of Object.entries(faults)) {
    const isOfHead = call.startsWith('["eth_getBlockByNumber",["latest"')
    if (!isOfHead) expect(each?.some(({ fault }) => fault?.kind === 'stale')).toBe(false)
  }
})
