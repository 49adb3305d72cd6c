import { pino } from 'pino'
import { type Address, type Hash, type Hex, numberToHex, type RpcLog } from 'viem'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { createEndpoints } from '../../../core/node/endpoints.ts'
import { ponderTransport } from '../../../core/node/ponderTransport.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { startAnvil } from '../../../tools/devnet/anvil.ts'
import { createAnvilClient } from '../../../tools/devnet/anvilClient.ts'
import { type Fault, type RpcProxy, says, startRpcProxy } from '../../support/rpcProxy.ts'

type Call = { method: string; params: readonly unknown[] }
type Block = { hash: Hash; number: Hex }

/** Each writes a log at each call. The logs of the first are indexed. */
const CONTRACT: Address = '0x00000000000000000000000000000000000e3147'
const FOREIGN: Address = '0x00000000000000000000000000000000000e3148'
const WRITE_LOG = '0x5f5fa000'

const BLOCKS = 8

let client: ReturnType<typeof createAnvilClient>
let node: RpcProxy
let request: (call: Call) => Promise<unknown>
/** The first of the blocks that each test reads. */
let first: number

beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  const anvil = await startAnvil()
  parts.defer(anvil.stop)
  client = createAnvilClient(anvil.rpcUrl)
  for (const address of [CONTRACT, FOREIGN]) await client.setCode({ address, bytecode: WRITE_LOG })
  first = Number(await client.getBlockNumber()) + 1
  for (let block = 0; block < BLOCKS; block++) {
    const to = block % 3 === 0 ? CONTRACT : FOREIGN
    const hash = await client.sendTransaction({ account: accountOf(0).address, to })
    await client.waitForTransactionReceipt({ hash })
  }
  node = await startRpcProxy(anvil.rpcUrl)
  parts.defer(node.stop)
  const kept = parts.move()
  return () => kept.disposeAsync()
})

afterEach(() => {
  node.heal()
})

/** As Ponder reads the blocks that it lacks: all at once, each and then its logs. @returns its logs, and the calls for logs. */
async function readBlocks(choose: (call: Call) => Fault | undefined = () => undefined) {
  const logger = pino({ level: 'silent' })
  const endpoints = createEndpoints({ rpcUrls: [node.url], chainId: 31_337, logger })
  // By its bloom filter, each block may have events of the contract.
  const evidence = [[CONTRACT], [FOREIGN]]
  const options = { hideKeys: (text: string) => text, addresses: [CONTRACT], evidence, callsPerSecond: 500 }
  request = ponderTransport(endpoints, options)({}).request as typeof request
  await request({ method: 'eth_getBlockByNumber', params: ['latest', true] })
  const asked: unknown[] = []
  node.from((call) => {
    if (call.method === 'eth_getLogs') asked.push(call.params[0])
    return choose(call)
  })
  const read = async (_: unknown, place: number) => {
    const block = await request({ method: 'eth_getBlockByNumber', params: [numberToHex(first + place), true] })
    return (await request({ method: 'eth_getLogs', params: [{ blockHash: (block as Block).hash }] })) as RpcLog[]
  }
  const logs = await Promise.all(Array.from({ length: BLOCKS }, read))
  const ours = logs.map((all) =>
    all.filter(({ address }) => address === CONTRACT).map((log) => Number(log.blockNumber)),
  )
  return { ours, asked }
}

/** The numbers of the blocks of the contract's logs, for each block. */
const expected = () => Array.from({ length: BLOCKS }, (_, place) => (place % 3 === 0 ? [first + place] : []))

test('the logs of many blocks are one call, for those of the contracts', async () => {
  const { ours, asked } = await readBlocks()
  expect(ours).toEqual(expected())
  const range = { address: [CONTRACT], fromBlock: numberToHex(first), toBlock: numberToHex(first + BLOCKS - 1) }
  const { hash } = await client.getBlock({ blockNumber: BigInt(first + BLOCKS - 1) })
  expect(asked).toEqual([range, { blockHash: hash }])
})

test('a node that has the blocks and lacks their logs for a while is asked for each block, until it has them', async () => {
  let empty = 2 * BLOCKS
  const { ours } = await readBlocks(({ method }) =>
    method === 'eth_getLogs' && empty-- > 0 ? { kind: 'reply', reply: { result: [] } } : undefined,
  )
  expect(ours).toEqual(expected())
})

test('a node that refuses a range is asked for each block', async () => {
  const { ours, asked } = await readBlocks(({ method, params: [filter] }) =>
    method === 'eth_getLogs' && Object(filter).fromBlock ? says('block range is too large') : undefined,
  )
  expect(ours).toEqual(expected())
  expect(asked).toHaveLength(2 + BLOCKS)
})

test('so is one that hangs, two seconds later', async () => {
  const { ours, asked } = await readBlocks(({ method, params: [filter] }) =>
    method === 'eth_getLogs' && Object(filter).fromBlock ? { kind: 'hang' } : undefined,
  )
  expect(ours).toEqual(expected())
  expect(asked).toHaveLength(2 + BLOCKS)
}, 10_000)

test('so is one whose chain has another last block by then', async () => {
  const other = { ...(await client.getBlock()), hash: `0x${'ab'.repeat(32)}`, number: '0x1' }
  const { ours, asked } = await readBlocks(({ method, params: [, isWhole] }) => {
    if (method !== 'eth_getBlockByNumber' || isWhole !== false) return undefined
    return {
      kind: 'reply',
      reply: { result: { number: other.number, hash: other.hash, parentHash: other.parentHash } },
    }
  })
  expect(ours).toEqual(expected())
  expect(asked).toHaveLength(2 + BLOCKS)
})
