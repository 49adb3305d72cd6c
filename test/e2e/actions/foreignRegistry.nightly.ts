import { type Hex, type LocalAccount, parseAbi } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { beforeAll, expect, it } from 'vitest'
import { writeDeployment } from '../../../ops/writeDeployment.ts'
import { keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { startApi } from '../../../tools/devnet/api.ts'
import { deployArtifact } from '../../support/contracts.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { participantsOf, usdc } from '../../support/participants.ts'
import { temporaryDirectory } from '../../support/temporaryDirectory.ts'
import { claimApi, codeOf } from '../claims/claimApi.ts'

const balances = parseAbi(['function balanceOf(address) view returns (uint256)'])

/** Agrees with every signature, and accepts tokens: both selectors have the same form. */
const AGREES: Hex = '0x60003560e01c60e01b60005260206000f3'

let market: TestMarket
let api: ReturnType<typeof claimApi>

/** A market with a registry that has no `registerFor`, and so with an AgentRegistrar. */
beforeAll(async () => {
  const chain = { prepareRegistry: (rpcUrl: string) => deployArtifact(rpcUrl, 'ForeignRegistry') }
  market = await startTestMarket({ chain })
  api = claimApi(market.api.url)
  return market.stop
}, 120_000)

const newAccount = () => privateKeyToAccount(generatePrivateKey())

const agentsOf = ({ address }: LocalAccount) => {
  const registry = { abi: balances, address: market.registry.address } as const
  return market.client.readContract({ ...registry, functionName: 'balanceOf', args: [address] })
}

/** What the API says is to be signed, with the account's signature. */
async function signed(by: LocalAccount, action: string, query: Record<string, string>) {
  const minBlock = String(await market.client.getBlockNumber({ cacheTime: 0 }))
  const message = await api.get(`/api/messages/${action}?${new URLSearchParams({ ...query, minBlock })}`)
  expect(message.status, JSON.stringify(message.body)).toBe(200)
  const { path, body, typedData } = message.body
  return { path, body: { ...body, signature: await by.signTypedData(typedData) } }
}

async function make(by: LocalAccount, action: string, query: Record<string, string>) {
  const { path, body } = await signed(by, action, query)
  const made = await api.post(path, body)
  expect(made.status, JSON.stringify(made.body)).toBe(200)
  return made.body
}

const registration = ({ address }: LocalAccount) => ({ owner: address, agentURI: 'ipfs://agent' })

it('registers an agent for an account without ether, which claims with it', { timeout: 60_000 }, async () => {
  const owner = newAccount()
  const { agent } = await make(owner, 'register', registration(owner))
  expect(agent).toMatchObject({ ownerAddress: owner.address, walletAddress: owner.address, agentURI: 'ipfs://agent' })
  const people = participantsOf(market)
  await people.mined(() => market.usdc.write.mint([owner.address, 20n * usdc]))
  const agentId = String(agent.id)
  const staked = await make(owner, 'stake', { agentId, from: owner.address, amount: String(20n * usdc) })
  expect(staked.agent).toMatchObject({ stakedAmount: String(20n * usdc), status: 'PROVISIONAL' })
  const runId = String(await people.openRun())
  const claimed = await make(owner, 'claim', { runId, agentId, walletAddress: owner.address })
  expect(claimed.run).toMatchObject({ claimedBy: agent.id, claimedByWallet: owner.address })
})

it('registers one agent for a message, however often it is sent', { timeout: 30_000 }, async () => {
  const owner = newAccount()
  const { path, body } = await signed(owner, 'register', registration(owner))
  const answers = await Promise.all([api.post(path, body), api.post(path, body)])
  const again = await api.post(path, body)
  expect([...answers, again].map(({ status }) => status)).toEqual([200, 200, 200])
  expect(new Set([...answers, again].map((answer) => `${answer.body.txHash} ${answer.body.agent.id}`)).size).toBe(1)
  expect(await agentsOf(owner)).toBe(1n)
  // The URI is signed.
  expect(codeOf(await api.post(path, { ...body, agentURI: 'ipfs://other' }))).toEqual([401, 'INVALID_SIGNATURE'])
})

it('registers an agent for a contract that accepts the signature', { timeout: 30_000 }, async () => {
  const owner = newAccount()
  await market.client.setCode({ address: owner.address, bytecode: AGREES })
  const { path, body } = await signed(owner, 'register', registration(owner))
  const made = await api.post(path, { ...body, signature: '0x1234' })
  expect([made.status, made.body.agent?.ownerAddress]).toEqual([200, owner.address])
})

it('has a code of its own where the market has no registrar, and costs nothing', { timeout: 120_000 }, async () => {
  const { AgentRegistrar: _, ...contracts } = market.deployment.contracts
  await using parts = new AsyncDisposableStack()
  const { path: deploymentsDirectory, remove } = await temporaryDirectory()
  parts.defer(remove)
  writeDeployment({ ...market.deployment, contracts }, deploymentsDirectory)
  const other = await startApi({ ...market, deploymentsDirectory, relayerKey: keyOf(roles.relayer) })
  parts.defer(other.stop)
  const without = claimApi(other.url)
  const owner = newAccount()
  const asked = await without.get(`/api/messages/register?${new URLSearchParams(registration(owner))}`)
  expect(codeOf(asked)).toEqual([409, 'REGISTRATION_UNSUPPORTED'])
  expect(asked.body.registry).toBe(market.registry.address)
  const { path, body } = await signed(owner, 'register', registration(owner))
  expect(codeOf(await without.post(path, body))).toEqual([409, 'REGISTRATION_UNSUPPORTED'])
  expect(await agentsOf(owner)).toBe(0n)
  // The other process relays the same message.
  expect((await api.post(path, body)).status).toBe(200)
})
