import { type Address, maxUint256, zeroAddress } from 'viem'
import { expect, onTestFinished, test } from 'vitest'
import { deployArtifact } from '../../support/contracts.ts'
import { ada, bob, hostile, startHostileMarket } from './hostileMarket.ts'

const foreignAbi = [
  {
    type: 'function',
    name: 'setAgentWallet',
    stateMutability: 'nonpayable',
    inputs: [
      { name: 'agentId', type: 'uint256' },
      { name: 'wallet', type: 'address' },
    ],
    outputs: [],
  },
] as const

test('a foreign registry with any ids, URIs and order of events stops neither index nor API', {
  timeout: 180_000,
}, async () => {
  const chain = await startHostileMarket({ prepareRegistry: (rpcUrl) => deployArtifact(rpcUrl, 'ForeignRegistry') })
  onTestFinished(chain.stop)
  const { registry, staking, market, rpcUrl, call, playRun, post, inOneBlock, send, slashAndClaimAtOnce } = chain
  const ids = [0n, 2n ** 40n - 1n, 2n ** 40n, 2n ** 224n - 1n, maxUint256]
  for (const [place, id] of ids.entries()) {
    const uri = hostile[place] ?? '0x'
    if (id === 0n) await call(ada, registry.address, 'register(string)', [uri])
    else await call(ada, registry.address, 'registerAs(uint256,string)', [id, uri])
    await staking.write.stake([id, 100_000_000n], { account: ada })
  }
  const setWallet = (id: bigint, wallet: Address) => () =>
    send(ada, { address: registry.address, abi: foreignAbi }, 'setAgentWallet', [id, wallet])
  await inOneBlock([setWallet(0n, bob), setWallet(0n, zeroAddress)])
  await inOneBlock([setWallet(maxUint256, zeroAddress), setWallet(maxUint256, bob)])
  for (const [heir, wallet] of [
    [bob, zeroAddress],
    [zeroAddress, bob],
    [zeroAddress, zeroAddress],
  ] as const) {
    const receiver = await deployArtifact(rpcUrl, 'HastyReceiver', [heir, wallet], 'ForeignRegistry')
    await call(ada, receiver, 'register(address)', [registry.address])
  }

  const run = await post('0x63')
  await market.write.claimBounty([run, 2n ** 40n - 1n], { account: ada })
  await expect(market.write.claimBounty([await post('0x64'), 2n ** 40n], { account: ada })).rejects.toThrow()
  await playRun('0x00ff', 0n)
  await call(bob, registry.address, 'registerAs(uint256,string)', [7n, `0x${'c3'.repeat(10_000)}`])
  await staking.write.stake([7n, 100_000_000n], { account: bob })
  await slashAndClaimAtOnce(0n, 7n)

  expect(await chain.audit()).toMatch(/^0 differences in 4 runs, \d+ agents at block \d+$/)
  const { wrong } = await chain.askEverything()
  expect(wrong).toEqual([])
})
