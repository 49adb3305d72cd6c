import { formatEther, parseAbi, parseEther } from 'viem'
import { beforeAll, beforeEach, expect, it } from 'vitest'
import { createChainClient } from '../../../core/node/chainClient.ts'
import { createL1Fee } from '../../../src/api/relay/chain/fees.ts'
import { ONE_CLAIM } from '../../../src/api/relay/kinds/claims/gas.ts'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { startAnvil } from '../../../tools/devnet/anvil.ts'
import { createAnvilClient } from '../../../tools/devnet/anvilClient.ts'
import { startApi } from '../../../tools/devnet/api.ts'
import { returningFor } from '../../support/bytecode.ts'
import { freshDatabase } from '../../support/database.ts'
import { setL1Prices } from '../../support/l1Prices.ts'
import { startPublicChain } from '../../support/publicChain.ts'

const oracle = '0x420000000000000000000000000000000000000F'
const upperBoundSelector = '0xf1c7a58b'
const relayer = accountOf(roles.relayer).address

let rpcUrl: string
beforeAll(async () => {
  const anvil = await startAnvil()
  rpcUrl = anvil.rpcUrl
  return anvil.stop
})

beforeEach(() => createAnvilClient(rpcUrl).setCode({ address: oracle, bytecode: '0x' }))

const l1Fee = () => createL1Fee(createChainClient(rpcUrl), ONE_CLAIM)

it('is 0 on a chain without the oracle', async () => {
  expect(await l1Fee()()).toBe(0n)
})

it('is what the oracle says of 400 bytes', async () => {
  await setL1Prices(rpcUrl, { base: '20', blob: '5' })
  const fee = await createAnvilClient(rpcUrl).readContract({
    address: oracle,
    abi: parseAbi(['function getL1FeeUpperBound(uint256) view returns (uint256)']),
    functionName: 'getL1FeeUpperBound',
    args: [400n],
  })
  expect(fee).toBeGreaterThan(0n)
  expect(await l1Fee()()).toBe(fee)
})

it('leaves out a fee that the oracle does not know', async () => {
  await createAnvilClient(rpcUrl).setCode({ address: oracle, bytecode: returningFor(upperBoundSelector, 7n) })
  expect(await l1Fee()()).toBe(7n)
})

it('is unknown while the node does not answer', async () => {
  await expect(createL1Fee(createChainClient('http://127.0.0.1:1'), ONE_CLAIM)()).rejects.toMatchObject({
    code: 'RELAY_UNAVAILABLE',
  })
})

it('counts in what a claim may cost, and so in whether the funds suffice', async () => {
  await using parts = new AsyncDisposableStack()
  const chain = await startPublicChain({ blockTime: 1 })
  parts.defer(chain.stop)
  await setL1Prices(chain.rpcUrl, { base: '1000', blob: '5000' })
  const fee = await createL1Fee(createChainClient(chain.rpcUrl), ONE_CLAIM)()
  const { chainId, deploymentsDirectory } = chain
  const databaseUrl = await freshDatabase()
  const relayerKey = keyOf(roles.relayer)
  const api = await startApi({ databaseUrl, chainId, rpcUrl: chain.rpcUrl, deploymentsDirectory, relayerKey })
  parts.defer(api.stop)

  async function status() {
    const { signers, reasons } = (await (await fetch(`${api.opsUrl}/status`)).json()) as {
      signers: { claimPrice: string }[]
      reasons: { code: string }[]
    }
    return { price: BigInt(signers[0]?.claimPrice ?? 0), codes: reasons.map(({ code }) => code) }
  }
  const hold = (value: bigint) => chain.client.setBalance({ address: relayer, value })

  await hold(parseEther('1'))
  const { price, codes } = await status()
  expect(codes).not.toContain('RELAYER_FUNDS_LOW')
  const metrics = await (await fetch(`${api.opsUrl}/metrics`)).text()
  const [, metric] = /^relay_claim_price_ether{signer="\w+"} (.+)$/m.exec(metrics) ?? []
  // A block with another gas price may come between the two requests.
  expect(Number(metric)).toBeGreaterThan(2 * Number(formatEther(fee)))
  expect(Number(metric)).toBeLessThanOrEqual(Number(formatEther(price)))
  const executed = price - 2n * fee
  expect(executed).toBeGreaterThan(0n)
  // The gas alone would be paid for: the funds are low because of L1.
  expect(fee).toBeGreaterThan(executed)
  await hold(200n * fee)
  await expect.poll(async () => (await status()).codes, { timeout: 3_000 }).toContain('RELAYER_FUNDS_LOW')
  await hold(2n * fee)
  await expect.poll(async () => (await status()).codes, { timeout: 3_000 }).toContain('RELAYER_OUT_OF_FUNDS')
})
