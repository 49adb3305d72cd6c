import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { createEndpoints } from '../../../core/node/endpoints.ts'
import { createRpc } from '../../../src/api/relay/chain/client.ts'
import { createHeads } from '../../../src/api/relay/chain/heads.ts'
import { createNextBlock, type NextBlock } from '../../../src/api/relay/chain/nextBlock.ts'
import { startAnvil } from '../../../tools/devnet/anvil.ts'
import { createAnvilClient } from '../../../tools/devnet/anvilClient.ts'
import { mineBlocks } from '../../../tools/devnet/mineBlocks.ts'

/** Two seconds with five blocks in each. */
const BLOCKS = 10

test('no block is predicted later than it comes, where five blocks share a second', async () => {
  const anvil = await startAnvil()
  onTestFinished(anvil.stop)
  const client = createAnvilClient(anvil.rpcUrl)
  const endpoints = createEndpoints({
    rpcUrls: [anvil.rpcUrl],
    chainId: 31_337,
    logger: pino({ level: 'silent' }),
  })
  const rpc = createRpc(endpoints)
  const heads = createHeads(rpc, endpoints, 10)
  const nextBlock = createNextBlock(rpc, heads)
  await client.setAutomine(false)
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
