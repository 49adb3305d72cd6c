import { createPublicClient, http, numberToHex } from 'viem'
import { foundry } from 'viem/chains'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Anvil, startAnvil } from '../../devnet/anvil.ts'
import { drawFaults } from '../../sim/faults/drawFaults.ts'
import { type Fault, type RpcCall, type RpcProxy, startRpcProxy } from '../../sim/faults/rpcProxy.ts'

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
  const response = await fetch(proxy.url, { method: 'POST', body, signal: AbortSignal.timeout(300) })
  return { status: response.status, text: await response.text() }
}

async function call(method: string, params: unknown[], fault?: Fault) {
  const { text } = await ask(method, params, fault)
  return JSON.parse(text)
}

test('without a fault a client sees the node', async () => {
  const client = createPublicClient({ chain: foundry, transport: http(proxy.url) })
  expect(await client.getBlockNumber()).toBe(5n)
})

test('a refused call never reaches the node, a dropped answer is of one that did', async () => {
  await expect(ask('anvil_mine', [], { kind: 'refuse' })).rejects.toThrow('fetch failed')
  expect(await call('eth_blockNumber', [])).toMatchObject({ result: '0x5' })
  await expect(ask('anvil_mine', [], { kind: 'drop' })).rejects.toThrow('fetch failed')
  expect(await call('eth_blockNumber', [])).toMatchObject({ result: '0x6' })
})

test('a hanging call gets no answer, a delayed one gets it later', async () => {
  await expect(ask('eth_chainId', [], { kind: 'hang' })).rejects.toThrow('timeout')
  const before = performance.now()
  expect(await call('eth_chainId', [], { kind: 'delay', milliseconds: 100 })).toMatchObject({ result: '0x7a69' })
  expect(performance.now() - before).toBeGreaterThan(95)
})

test('answers are spoilt as asked', async () => {
  expect(await ask('eth_chainId', [], { kind: 'status 429', status: 429 })).toMatchObject({ status: 429 })
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
})

test('a stale head is an earlier block of the same chain', async () => {
  const { number } = (await call('eth_getBlockByNumber', ['latest', false])).result
  const fault = { kind: 'stale head', blocks: 2 } as const
  const stale = (await call('eth_getBlockByNumber', ['latest', false], fault)).result
  expect(BigInt(stale.number)).toBe(BigInt(number) - 2n)
  expect(stale).toEqual((await call('eth_getBlockByNumber', [stale.number, false])).result)
})

test('the node can be made to say anything', async () => {
  const error = { code: -32000, message: 'nonce too low' }
  expect(await call('eth_sendRawTransaction', ['0x'], { kind: 'reply', reply: { error } })).toMatchObject({
    id: 7,
    error,
  })
  expect(proxy.counts.get('reply')).toBe(1)
})

const calls: RpcCall[] = Array.from({ length: 400 }, (_, index) => ({
  jsonrpc: '2.0',
  id: index,
  method: ['eth_getBlockByNumber', 'eth_getLogs', 'eth_getBlockByHash', 'eth_call'][index % 4] ?? '',
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

test('a seed draws the same faults in whatever order calls come, and every kind comes', () => {
  const faults = drawn(1, calls)
  expect(drawn(1, calls.toReversed())).toEqual(faults)
  expect(drawn(2, calls)).not.toEqual(faults)
  const kinds = new Set(Object.values(faults).flatMap((each) => each?.flatMap(({ fault }) => fault?.kind ?? []) ?? []))
  expect([...kinds].sort()).toEqual(
    [
      ...['delay', 'drop', 'hang', 'no logs', 'null block', 'refuse', 'stale head'],
      ...['status 429', 'status 502', 'status 503', 'truncate'],
    ].sort(),
  )
  for (const [call, each] of Object.entries(faults)) {
    const isOfHead = call.startsWith('["eth_getBlockByNumber",["latest"')
    if (!isOfHead) expect(each?.some(({ fault }) => fault?.kind === 'stale head')).toBe(false)
  }
})
