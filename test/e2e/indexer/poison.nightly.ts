import { maxUint256 } from 'viem'
import { expect, onTestFinished, test } from 'vitest'
import { ada, bob, hostile, startHostileMarket } from './hostileMarket.ts'

test('hostile strings, ids and blocks in our contracts stop neither index nor API', {
  timeout: 180_000,
}, async () => {
  const chain = await startHostileMarket()
  onTestFinished(chain.stop)
  const { registry, staking, market, call, playRun, post, inOneBlock, send, slashAndClaimAtOnce } = chain
  for (const string of hostile) await call(ada, registry.address, 'register(string)', [string])
  await call(bob, registry.address, 'register(string)', [`0x${'ed'.repeat(10_000)}`])
  const first = 1n
  const second = BigInt(hostile.length + 1)
  await staking.write.stake([first, 100_000_000n], { account: ada })
  await staking.write.stake([second, 100_000_000n], { account: bob })
  for (const id of [0n, 2n ** 40n, 2n ** 224n - 1n, maxUint256]) await staking.write.ban([id])
  for (const string of hostile) await playRun(string, first)
  await post('0x62', 10n ** 11n, 365n * 86_400n - 10n)
  await call(ada, registry.address, 'setAgentURI(uint256,string)', [first, `0x${'00'.repeat(10_000)}`])
  await inOneBlock([
    () => send(ada, registry, 'unsetAgentWallet', [first]),
    () => send(ada, registry, 'transferFrom', [ada, bob, first]),
    () => send(bob, registry, 'transferFrom', [bob, ada, first]),
    () => send(ada, registry, 'setMetadata', [first, '\0agentWallet', '0x']),
  ])
  await slashAndClaimAtOnce(first, second)

  expect(await chain.audit()).toMatch(/^0 differences in 15 runs, \d+ agents at block \d+$/)
  const { wrong, asked } = await chain.askEverything()
  expect(wrong).toEqual([])
  expect(asked).toBeGreaterThan(100)
  expect((await market.read.bountyCount()) > 14n).toBe(true)
})
