import { pino } from 'pino'
import type { Address } from 'viem'
import { beforeAll, expect, test } from 'vitest'
import { createChainClient } from '../../../core/node/chainClient.ts'
import { createEndpoints } from '../../../core/node/endpoints.ts'
import { createHeads } from '../../../src/api/relay/chain/heads.ts'
import { logsWhileValid, type Range } from '../../../src/api/relay/chain/usedSignature.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { startAnvil } from '../../../tools/devnet/anvil.ts'
import { createAnvilClient } from '../../../tools/devnet/anvilClient.ts'

/** Writes a log at each call. */
const EMITTER: Address = '0x00000000000000000000000000000000000e3147'
const WRITE_LOG = '0x5f5fa000'

const HOUR_SECONDS = 3_600

/** In place of the thousands of a call, because Anvil needs minutes for an hour of blocks. */
const RANGE = 20n

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

async function look() {
  const rpc = createChainClient(rpcUrl)
  const endpoints = createEndpoints({ rpcUrls: [rpcUrl], chainId: 31_337, logger: pino({ level: 'silent' }) })
  const head = await createHeads(rpc, endpoints, 10).latest()
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
