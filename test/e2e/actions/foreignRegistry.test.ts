import { bytesToHex, type LocalAccount, parseAbi } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { beforeAll, expect, it } from 'vitest'
import { accountOf, roles } from '../../../devnet/accounts.ts'
import { accountMessage, accountTypedData, membersAsText } from '../../../market/accountActions.ts'
import { deployArtifact } from '../../../testkit/contracts.ts'
import { participantsOf, usdc } from '../../../testkit/participants.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { claimApi, codeOf } from '../claims/claimApi.ts'

const registryAbi = parseAbi(['function register(string agentURI) returns (uint256)'])

let market: TestMarket
let api: ReturnType<typeof claimApi>

/** A market with a registry that has no `registerFor`. */
beforeAll(async () => {
  const chain = { prepareRegistry: (rpcUrl: string) => deployArtifact(rpcUrl, 'ForeignRegistry') }
  market = await startTestMarket({ chain })
  api = claimApi(market.api.url)
  return market.stop
}, 120_000)

const sentByRelayer = () => market.client.getTransactionCount({ address: accountOf(roles.relayer).address })

it('has a code of its own for a registration, and costs the relayer nothing', { timeout: 30_000 }, async () => {
  const owner = privateKeyToAccount(generatePrivateKey())
  const before = await sentByRelayer()
  const asked = await api.get(`/api/messages/register?${new URLSearchParams({ owner: owner.address, agentURI: '' })}`)
  expect(codeOf(asked)).toEqual([409, 'REGISTRATION_UNSUPPORTED'])
  expect(asked.body.registry).toBe(market.registry.address)
  const salt = bytesToHex(crypto.getRandomValues(new Uint8Array(32)))
  const { timestamp } = await market.client.getBlock()
  const message = accountMessage('register', { owner: owner.address, agentURI: '', salt, deadline: timestamp + 600n })
  const contracts = { ...market.deployment, usdcDomain: { name: 'USD Coin', version: '2' } }
  const signature = await owner.signTypedData(accountTypedData(contracts, message) as never)
  const body = { ...membersAsText(message), deadline: Number(message.deadline), signature }
  const sent = await api.post('/api/agents', body)
  expect(codeOf(sent)).toEqual([409, 'REGISTRATION_UNSUPPORTED'])
  expect(await sentByRelayer()).toBe(before)
})

it('relays the stake of an agent that its owner has registered', { timeout: 30_000 }, async () => {
  const people = participantsOf(market)
  const owner = accountOf(3)
  const registry = { abi: registryAbi, address: market.registry.address }
  const register = { ...registry, functionName: 'register', args: ['ipfs://agent'], chain: null } as const
  await people.mined(() => market.client.writeContract({ ...register, account: owner.address }))
  await people.mined(() => market.usdc.write.mint([owner.address, 20n * usdc]))
  await market.indexed()
  const made = await stake(owner, { agentId: '0', from: owner.address, amount: String(20n * usdc) })
  expect(made.status, JSON.stringify(made.body)).toBe(200)
  expect(made.body.agent).toMatchObject({ id: 0, stakedAmount: String(20n * usdc), status: 'PROVISIONAL' })
})

async function stake(by: LocalAccount, query: Record<string, string>) {
  const message = await api.get(`/api/messages/stake?${new URLSearchParams(query)}`)
  expect(message.status, JSON.stringify(message.body)).toBe(200)
  const { path, body, typedData } = message.body
  return api.post(path, { ...body, signature: await by.signTypedData(typedData) })
}
