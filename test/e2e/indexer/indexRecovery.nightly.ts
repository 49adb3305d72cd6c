import { afterAll, beforeAll, expect, test } from 'vitest'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { defaultTerms } from '../../../tools/devnet/defaultTerms.ts'
import { freshDatabase } from '../../support/database.ts'
import { type MarketOnAnvil, startMarketOnAnvil } from '../../support/marketOnAnvil.ts'
import { agentCountsOf, comparableBands, deadlineBandsOf, figuresOf, runBandsOf, sumOfDays } from './chainState.ts'
import { type Index, startIndexOf } from './indexOf.ts'

const finality = 30
const poster = accountOf(2).address
const ada = accountOf(3).address

let chain: MarketOnAnvil
let index: Index

beforeAll(async () => {
  chain = await startMarketOnAnvil()
  index = await startIndexOf(chain, await freshDatabase())
  await chain.fund(poster, ada)
  await chain.registry.write.register(['ipfs://\\.\n\t\0ada'], { account: ada })
  await chain.staking.write.stake([1n, 100_000_000n], { account: ada })
})

afterAll(async () => {
  await index?.stop()
  await chain?.stop()
})

async function post() {
  const { timestamp } = await chain.client.getBlock()
  await chain.market.write.postBounty(['ipfs://\\N\r\n\0', 10_000_000n, timestamp + 86_400n, defaultTerms], {
    account: poster,
  })
  return chain.market.read.bountyCount()
}

test('the index reverts exactly the blocks that a reorg drops', async () => {
  const claimed = await post()
  const before = await index.tables()
  const fork = await chain.client.getBlock()

  await chain.market.write.claimBounty([claimed, 1n], { account: ada })
  await chain.registry.write.register(['ipfs://second'], { account: ada })
  const dropped = await post()
  const after = await index.tables()
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

  const reverted = await index.tables()
  expect(comparableBands(reverted.runBands)).toEqual(comparableBands(runBandsOf(reverted.runs)))
  expect(reverted.deadlineBands).toEqual(deadlineBandsOf(reverted.runs))
  expect(sumOfDays(reverted.marketDays)).toEqual(figuresOf(reverted.runs))
  expect(reverted.agentCounts).toMatchObject([agentCountsOf(reverted.agents)])
  expect({ ...reverted, heads: [] }).toEqual({ ...before, heads: [] })
  expect(reverted.heads).toMatchObject([{ number: replaced.number, hash: replaced.hash }])

  await chain.market.write.claimBounty([claimed, 1n], { account: ada })
  expect((await index.tables()).runs).toMatchObject([{ bountyId: claimed, state: 'CLAIMED', round: 1 }])
})

test('the index has the same rows whether it followed the chain, was killed, or started late', {
  timeout: 150_000,
}, async () => {
  for (let posted = 0; posted < 30; posted++) await post()
  // These runs are final now; the following ones are not, and a restart indexes them again.
  await chain.client.mine({ blocks: 3 * finality })
  for (let posted = 0; posted < 5; posted++) await post()
  const followed = await index.tables()

  await index.kill()
  await index.startAgain()
  expect(index.output()).toContain('Cleared the lock of an indexer that was killed')
  expect(await index.tables()).toEqual(followed)
  expect(comparableBands(followed.runBands)).toEqual(comparableBands(runBandsOf(followed.runs)))
  expect(followed.deadlineBands).toEqual(deadlineBandsOf(followed.runs))
  expect(sumOfDays(followed.marketDays)).toEqual(figuresOf(followed.runs))
  expect(followed.agentCounts).toMatchObject([agentCountsOf(followed.agents)])

  const late = await startIndexOf(chain, await freshDatabase())
  try {
    expect(await late.tables()).toEqual(followed)
  } finally {
    await late.stop()
  }
})

test('the indexer releases its schema on SIGTERM', async () => {
  const before = await index.tables()
  expect(await index.terminate()).toBe('exited with code 0')
  await post()
  await index.startAgain()
  expect(index.output()).not.toContain('Schema is locked')
  expect((await index.tables()).runs).toHaveLength(before.runs.length + 1)
})
