import { maxUint256 } from 'viem'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { accountOf } from '../../devnet/accounts.ts'
import { freshDatabase } from '../support/database.ts'
import { type Index, startIndexOf } from './indexOf.ts'
import { type MarketOnAnvil, startMarketOnAnvil } from './marketOnAnvil.ts'

const finality = 30
const [poster, ada] = [accountOf(2).address, accountOf(3).address]

let chain: MarketOnAnvil
let index: Index

beforeAll(async () => {
  chain = await startMarketOnAnvil()
  index = await startIndexOf(chain, await freshDatabase())
  const { usdc, registry, staking, market } = chain
  for (const account of [poster, ada]) {
    await usdc.write.mint([account, 1_000_000_000n])
    for (const { address } of [staking, market]) await usdc.write.approve([address, maxUint256], { account })
  }
  await registry.write.register(['ipfs://\\.\n\t\0ada'], { account: ada })
  await staking.write.stake([1n, 100_000_000n], { account: ada })
})

afterAll(async () => {
  await index?.stop()
  await chain?.stop()
})

async function post() {
  const { timestamp } = await chain.client.getBlock()
  await chain.market.write.postBounty(['ipfs://\\N\r\n\0', 10_000_000n, timestamp + 86_400n], { account: poster })
  return chain.market.read.bountyCount()
}

async function settled() {
  await index.settle()
  return index.tables()
}

it('takes back what a reorg takes back, and nothing else', async () => {
  const claimed = await post()
  const before = await settled()
  const fork = await chain.client.getBlock()

  await chain.market.write.claimBounty([claimed, 1n], { account: ada })
  await chain.registry.write.register(['ipfs://second'], { account: ada })
  const dropped = await post()
  const after = await settled()
  expect(after.runs.map(({ bountyId, state }) => [bountyId, state])).toEqual([
    [claimed, 'CLAIMED'],
    [dropped, 'OPEN'],
  ])
  expect(after.agents).toMatchObject([{ id: 1n, lockedAmount: 1_000_000n }, { id: 2n }])

  const tip = await chain.client.getBlock()
  const depth = Number(tip.number - fork.number)
  await chain.client.request({ method: 'anvil_reorg', params: [depth, []] })
  const replaced = await chain.client.getBlock({ blockNumber: tip.number })
  expect(replaced.hash).not.toBe(tip.hash)

  const reverted = await settled()
  expect({ ...reverted, heads: [] }).toEqual({ ...before, heads: [] })
  expect(reverted.heads).toMatchObject([{ number: replaced.number, hash: replaced.hash }])

  await chain.market.write.claimBounty([claimed, 1n], { account: ada })
  expect((await settled()).runs).toMatchObject([{ bountyId: claimed, state: 'CLAIMED', round: 1 }])
})

it('holds the same rows whether it followed the chain, was killed, or came late', { timeout: 150_000 }, async () => {
  for (let posted = 0; posted < 30; posted++) await post()
  // What was posted is final now; what follows is not, and a restart replays it.
  await chain.client.mine({ blocks: 3 * finality })
  for (let posted = 0; posted < 5; posted++) await post()
  const followed = await settled()

  await index.kill()
  await index.startAgain()
  expect(await settled()).toEqual(followed)

  const late = await startIndexOf(chain, await freshDatabase())
  try {
    await late.settle()
    expect(await late.tables()).toEqual(followed)
  } finally {
    await late.stop()
  }
})

it('gives its schema free when it is told to end', async () => {
  const before = await settled()
  expect(await index.terminate()).toBe('exited with code 0')
  await post()
  const started = performance.now()
  await index.startAgain()
  // The lock of one that did not would last for 25 seconds.
  expect(performance.now() - started).toBeLessThan(15_000)
  expect((await settled()).runs).toHaveLength(before.runs.length + 1)
})
