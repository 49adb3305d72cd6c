// What the relay reads of the chain, from a bare Anvil.
import { pino } from 'pino'
import type { Address } from 'viem'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { createEndpoints } from '../../../core/node/endpoints.ts'
import { createRpc } from '../../../src/api/relay/chain/client.ts'
import { createHeads } from '../../../src/api/relay/chain/heads.ts'
import { createNextBlock, type NextBlock } from '../../../src/api/relay/chain/nextBlock.ts'
import { logsWhileValid, type Range } from '../../../src/api/relay/chain/usedSignature.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { startAnvil } from '../../../tools/devnet/anvil.ts'
import { createAnvilClient } from '../../../tools/devnet/anvilClient.ts'
import { mineBlocks } from '../../../tools/devnet/mineBlocks.ts'

/** Writes a log at each call. */
const EMITTER: Address = '0x00000000000000000000000000000000000e3147'
const WRITE_LOG = '0x5f5fa000'

const HOUR_SECONDS = 3_600

/** In place of the thousands of a call, because Anvil needs minutes for an hour of blocks. */
const RANGE = 20n

/** Two seconds with five blocks in each. */
const BLOCKS = 10

let rpcUrl: string
let client: ReturnType<typeof createAnvilClient>
let ofLog: bigint

beforeAll(async () => {
  const anvil = await startAnvil()
  rpcUrl = anvil.rpcUrl
  client = createAnvilClient(rpcUrl)
  await client.setCode({ address: EMITTER, bytecode: WRITE_LOG })
  const hash = await client.sendTransaction({ account: accountOf(0).address, to: EMITTER })
  ofLog = (await client.waitForTransactionReceipt({ hash })).blockNumber
  await client.setAutomine(false)
  return anvil.stop
})

/** The heads of a chain, as the relay reads them. */
function readHeads(url: string) {
  const endpoints = createEndpoints({ rpcUrls: [url], chainId: 31_337, logger: pino({ level: 'silent' }) })
  const rpc = createRpc(endpoints)
  return { rpc, heads: createHeads(rpc, endpoints, 10) }
}

test('no block is predicted later than it comes, where five blocks share a second', async () => {
  // By itself: a block that is mined for a transaction has the next second.
  const anvil = await startAnvil()
  onTestFinished(anvil.stop)
  const client = createAnvilClient(anvil.rpcUrl)
  await client.setAutomine(false)
  const { rpc, heads } = readHeads(anvil.rpcUrl)
  const nextBlock = createNextBlock(rpc, heads)
  const mining = mineBlocks(client, 200)
  onTestFinished(mining.stop)

  const predicted: NextBlock[] = []
  const untilEnd = AbortSignal.timeout(10_000)
  for (let head = await heads.latest(); predicted.length < BLOCKS; ) {
    const next = await heads.after(head, untilEnd)
    if (!next) throw new Error(`The chain made ${predicted.length} of ${BLOCKS} blocks in 10 s`)
    head = next
    const prediction = await nextBlock()
    // On a busy machine the block may be there already.
    if ((await client.getBlockNumber()) < prediction.number) predicted.push(prediction)
  }
  await expect.poll(() => client.getBlockNumber()).toBeGreaterThanOrEqual(predicted.at(-1)?.number ?? 0n)
  for (const { number, time } of predicted) {
    const { timestamp } = await client.getBlock({ blockNumber: number })
    expect(time, `block ${number}`).toBeLessThanOrEqual(timestamp)
    expect(time, `block ${number}`).toBeGreaterThanOrEqual(timestamp - 1n)
  }
})

async function look() {
  const { rpc, heads } = readHeads(rpcUrl)
  const head = await heads.latest()
  const ranges: Range[] = []
  const read = (range: Range) => {
    ranges.push(range)
    return rpc.getLogs({ address: EMITTER, ...range })
  }
  const logs = await logsWhileValid(rpc, head, read, RANGE)
  return { ranges, found: logs.map(({ blockNumber }) => blockNumber), head }
}

test('all blocks of an hour are looked through, by ranges', async () => {
  await client.mine({ blocks: 90 })
  const { ranges, found, head } = await look()
  expect(found).toEqual([ofLog])
  expect(ranges[0]?.toBlock).toBe(head.number)
  expect(ranges.length).toBeGreaterThan(4)
  for (const [place, { fromBlock, toBlock }] of ranges.entries()) {
    expect(toBlock - fromBlock).toBeLessThan(RANGE)
    if (place > 0) expect(toBlock).toBe((ranges[place - 1]?.fromBlock ?? 0n) - 1n)
  }
})

test('what is older is not read', async () => {
  await client.increaseTime({ seconds: HOUR_SECONDS + 1 })
  await client.mine({ blocks: 10 })
  const { ranges, found } = await look()
  expect(found).toEqual([])
  expect(ranges).toHaveLength(1)
})
