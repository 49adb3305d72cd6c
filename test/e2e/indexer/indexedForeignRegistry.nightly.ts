import { type Address, type Hex, maxUint256, pad, parseAbi, zeroAddress } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { agentRegistrarAbi } from '../../../abis/AgentRegistrar.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { createAnvilClient } from '../../../tools/devnet/anvilClient.ts'
import { defaultTerms } from '../../../tools/devnet/defaultTerms.ts'
import { deployArtifact } from '../../support/contracts.ts'
import { freshDatabase } from '../../support/database.ts'
import { type MarketOnAnvil, startMarketOnAnvil } from '../../support/marketOnAnvil.ts'
import { agentsOnChain, comparableAgent } from './chainState.ts'
import { type Index, startIndexOf } from './indexOf.ts'

const registryAbi = parseAbi([
  'function register(string agentURI) returns (uint256)',
  'function setAgentWallet(uint256 agentId, address wallet)',
  'function transferFrom(address from, address to, uint256 agentId)',
  'function burn(uint256 agentId)',
  'function adopt(uint256 agentId, address owner)',
  'function announce(uint256 agentId, string agentURI, address owner)',
  'function announceURI(uint256 agentId, string newURI)',
  'function announceWallet(uint256 agentId, bytes value)',
])
const receiverAbi = parseAbi(['function register(address registry)'])

const poster = accountOf(2).address
const ada = accountOf(3).address
const bob = accountOf(4).address

let chain: MarketOnAnvil
let index: Index

beforeAll(async () => {
  // Ada's agent 0 is older than the market.
  chain = await startMarketOnAnvil({
    async prepareRegistry(rpcUrl) {
      const address = await deployArtifact(rpcUrl, 'ForeignRegistry')
      const client = createAnvilClient(rpcUrl)
      await client.writeContract({ abi: registryAbi, address, functionName: 'register', args: ['ada'], account: ada })
      return address
    },
  })
  index = await startIndexOf(chain, await freshDatabase())
  await chain.fund(poster, ada)
})

afterAll(async () => {
  await index?.stop()
  await chain?.stop()
})

const registry = () => ({ abi: registryAbi, address: chain.registry.address })

/** Registers an agent whose receiver acts during the mint. @returns the receiver, its first owner. */
async function registerWithCallback({
  heir = zeroAddress,
  wallet = zeroAddress,
}: {
  heir?: Address
  wallet?: Address
}) {
  const address = await deployArtifact(chain.rpcUrl, 'HastyReceiver', [heir, wallet], 'ForeignRegistry')
  const { client } = chain
  await client.writeContract({ abi: receiverAbi, address, functionName: 'register', args: [chain.registry.address] })
  return address.toLowerCase()
}

async function agents() {
  const rows = (await index.tables()).agents
  return {
    rows,
    comparable: rows.map(comparableAgent),
    expected: await agentsOnChain(
      chain,
      rows.map(({ id }) => id),
    ),
  }
}

test('a foreign registry may be older than the market, with ids from 0', async () => {
  const { staking, market, client } = chain
  await staking.write.stake([0n, 20_000_000n], { account: ada })
  const { timestamp } = await client.getBlock()
  await market.write.postBounty(['ipfs://run', 10_000_000n, timestamp + 3_600n, defaultTerms], { account: poster })
  await market.write.claimBounty([1n, 0n], { account: ada })
  const { rows, comparable, expected } = await agents()
  expect(comparable).toEqual(expected)
  expect(rows).toMatchObject([{ id: 0n, owner: ada.toLowerCase(), agentURI: 'ada', lockedAmount: 1_000_000n }])
  expect((await index.tables()).runs).toMatchObject([{ state: 'CLAIMED', claimedBy: 0n }])
})

test('a foreign registry may call the receiver of a mint before it emits Registered', async () => {
  const owner = await registerWithCallback({})
  await registerWithCallback({ heir: bob })
  const keeper = await registerWithCallback({ wallet: bob })
  const { rows, comparable, expected } = await agents()
  expect(comparable).toEqual(expected)
  expect(rows.slice(1)).toMatchObject([
    { id: 1n, owner, agentWallet: owner, agentURI: 'ipfs://hasty' },
    { id: 2n, owner: bob.toLowerCase(), agentWallet: null, agentURI: 'ipfs://hasty' },
    { id: 3n, owner: keeper, agentWallet: bob.toLowerCase(), agentURI: 'ipfs://hasty' },
  ])

  await chain.client.writeContract({ ...registry(), functionName: 'setAgentWallet', args: [2n, ada] })
  const later = await agents()
  expect(later.comparable).toEqual(later.expected)
})

test('a foreign registry may burn an agent', async () => {
  await chain.client.writeContract({ ...registry(), functionName: 'register', args: ['short-lived'], account: bob })
  await chain.client.writeContract({ ...registry(), functionName: 'burn', args: [4n] })
  const { rows, comparable, expected } = await agents()
  expect(comparable).toEqual(expected)
  expect(rows.find(({ id }) => id === 4n)).toMatchObject({ owner: null, agentURI: 'short-lived' })
})

test('an agent that AgentRegistrar registers is its owner’s, which is its wallet', async () => {
  const { AgentRegistrar: address } = chain.deployment.contracts
  if (!address) throw new Error('The market has no AgentRegistrar')
  const call = { abi: agentRegistrarAbi, address, functionName: 'registerFor', args: [ada, 'ipfs://new'] } as const
  await chain.client.writeContract({ ...call, account: bob })
  const { rows, comparable, expected } = await agents()
  expect(comparable).toEqual(expected)
  const owner = ada.toLowerCase()
  expect(rows.find(({ id }) => id === 5n)).toMatchObject({ owner, agentWallet: null, agentURI: 'ipfs://new' })
})

test('a foreign registry may answer for agents without a Registered event', async () => {
  const id = maxUint256 - 1n
  await chain.client.writeContract({ ...registry(), functionName: 'adopt', args: [id, ada] })
  await chain.staking.write.stake([id, 5_000_000n], { account: ada })
  expect((await agents()).rows.at(-1)).toMatchObject({ id, owner: null, stakedAmount: 5_000_000n })
})

test('a foreign registry may emit any event about any agent, and the index continues', async () => {
  const { client } = chain
  const uri = `\0${'x'.repeat(50_000)}`
  await client.writeContract({ ...registry(), functionName: 'announceURI', args: [maxUint256, uri] })
  await client.writeContract({ ...registry(), functionName: 'announce', args: [maxUint256 - 2n, '', zeroAddress] })
  const values: Hex[] = ['0x', '0x01', zeroAddress, pad(bob, { size: 32 }), `0x${'ff'.repeat(10_000)}`]
  for (const [place, value] of values.entries()) {
    const id = maxUint256 - 3n - BigInt(place)
    await client.writeContract({ ...registry(), functionName: 'announceWallet', args: [id, bob] })
    await client.writeContract({ ...registry(), functionName: 'announceWallet', args: [id, value] })
  }
  const { rows } = await agents()
  expect(rows.find(({ id }) => id === maxUint256)).toMatchObject({
    agentURI: `\uFFFD${'x'.repeat(2_045)}`,
    agentURITruncated: true,
  })
  expect(rows.find(({ id }) => id === maxUint256 - 2n)).toMatchObject({ owner: null, agentURI: '' })
  const nonsense = rows.filter(({ id }) => id < maxUint256 - 2n && id > maxUint256 / 2n)
  expect(nonsense.map(({ agentWallet }) => agentWallet)).toEqual(values.map(() => null))
})
