import type { LocalAccount } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { beforeAll, describe, expect, it } from 'vitest'
import { createRunlineClient } from '../../../packages/client/src/index.ts'
import { poster, type Runs, runsOn } from '../../e2e/actions/runsInStates.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Participants, usdc } from '../../support/participants.ts'

let market: TestMarket
let people: Participants
let runs: Runs

beforeAll(async () => {
  market = await startTestMarket()
  runs = await runsOn(market)
  people = runs.people
  return market.stop
}, 120_000)

type Message = {
  body: Record<string, string>
  typedData: { domain: Record<string, unknown>; message: Record<string, string> }
}

/** A client without a wallet. @param change changes each message that the API answers, and returns it. */
function clientWith(change: (message: Message) => Message = (message) => message) {
  const requests: string[] = []
  const { USDC, SignedFunding, AgentStaking, AgentRegistry } = market.deployment.contracts
  const client = createRunlineClient({
    url: market.api.url,
    market: { chainId: market.chainId, address: market.market.address },
    contracts: { usdc: USDC, signedFunding: SignedFunding, agentStaking: AgentStaking, agentRegistry: AgentRegistry },
    async fetch(input, init) {
      const { method, url } = input as Request
      requests.push(method)
      const response = await fetch(input, init)
      if (!new URL(url).pathname.startsWith('/api/messages/')) return response
      return new Response(JSON.stringify(change((await response.json()) as Message)), response)
    },
  })
  return { client, requests }
}

/** A signer that records whether it was asked. */
function signerOf(account: LocalAccount) {
  const signer = {
    address: account.address,
    signatures: 0,
    async signTypedData(typedData: object) {
      signer.signatures++
      return account.signTypedData(typedData as never)
    },
  }
  return signer
}

async function accountWith(amount: bigint) {
  const account = privateKeyToAccount(generatePrivateKey())
  await people.mined(() => market.usdc.write.mint([account.address, amount]))
  return account
}

const terms = async () => ({
  ipfsHash: 'ipfs://Task',
  reward: 100n * usdc,
  deadline: (await people.now()) + 86_400n,
})

const stranger = privateKeyToAccount(generatePrivateKey()).address

/** Changes members of the message's domain. */
const domain = (change: Record<string, unknown>) => (message: Message) => ({
  ...message,
  typedData: { ...message.typedData, domain: { ...message.typedData.domain, ...change } },
})

/** Changes members of the message. */
const member = (change: Record<string, string>) => (message: Message) => ({
  ...message,
  typedData: { ...message.typedData, message: { ...message.typedData.message, ...change } },
})

describe('for a run, the client signs nothing', () => {
  it.each([
    ['another market', domain({ verifyingContract: stranger })],
    ['another chain', domain({ chainId: 1 })],
    ['another bountyId', member({ bountyId: '1' })],
    ['another wallet', member({ wallet: stranger })],
    ['another deliverableHash', member({ deliverableHash: 'ipfs://work' })],
    ['another deadline', member({ deadline: '9999999999' })],
  ])('where the API’s message is of %s', async (_, change) => {
    const runId = await runs.runIn('CLAIMED')
    await market.indexed()
    const signer = signerOf(runs.agent.wallet)
    const { client, requests } = clientWith(change)
    await expect(client.runs.submitWork(runId, 'ipfs://Work', { via: 'relay', signer })).rejects.toThrow(
      'Nothing was signed',
    )
    expect([signer.signatures, requests.includes('POST')]).toEqual([0, false])
  })

  it('where the API’s message is of another revision than the approved one', async () => {
    const runId = await runs.runIn('SUBMITTED')
    await market.indexed()
    const signer = signerOf(poster)
    const { client } = clientWith(member({ revision: '1' }))
    await expect(client.runs.approve(runId, 0, { via: 'relay', signer })).rejects.toThrow('has revision 1, not 0')
    expect(signer.signatures).toBe(0)
  })
})

describe('for an account, the client signs nothing', () => {
  const nonce = `0x${'12'.repeat(32)}`

  it.each([
    ['of another token', domain({ verifyingContract: stranger })],
    ['of another chain', domain({ chainId: 1 })],
    ['that pays another account', member({ to: stranger })],
    ['of another payer', member({ from: stranger })],
    ['of another amount', member({ value: '105000001' })],
    ['for other terms, which the nonce hides', member({ nonce })],
    ['that was valid before', member({ validAfter: '1' })],
    ['that is valid for long', member({ validBefore: '9999999999' })],
    ['with another end than its nonce has', member({ validBefore: String(Math.floor(Date.now() / 1_000) + 60) })],
  ])('for a post where the API’s message is one %s', async (_, change) => {
    const account = await accountWith(105n * usdc)
    const signer = signerOf(account)
    const { client, requests } = clientWith(change)
    await expect(client.runs.post(await terms(), { via: 'relay', signer })).rejects.toThrow('Nothing was signed')
    expect([signer.signatures, requests.includes('POST')]).toEqual([0, false])
  })

  it.each([
    ['another owner', 'register', member({ owner: stranger })],
    ['another URI', 'register', member({ agentURI: 'ipfs://Agent' })],
    ['another registry', 'register', domain({ verifyingContract: stranger })],
    ['another amount', 'stake', member({ value: '20000001' })],
    ['another agent, which the nonce hides', 'stake', member({ nonce })],
    ['another agent', 'unstake', member({ agentId: '2' })],
    ['another amount', 'unstake', member({ amount: '2' })],
    ['another signer', 'unstake', member({ signer: stranger })],
    ['a time that is far ahead', 'unstake', member({ deadline: '9999999999' })],
  ] as const)('where the API’s message is of %s, for %s', async (_, action, change) => {
    const account = await accountWith(20n * usdc)
    const { id } = await people.newAgent(account, 0n)
    await people.fund(people.poster, market.staking.address, 20n * usdc)
    await people.mined(() => market.staking.write.stakeFor([id, account.address, 20n * usdc]))
    await market.indexed()
    const signer = signerOf(account)
    const { client, requests } = clientWith(change)
    const { agents } = client
    const asked =
      action === 'register'
        ? agents.register('ipfs://agent', { via: 'relay', signer })
        : agents[action](id, action === 'stake' ? 20n * usdc : 1n, { via: 'relay', signer })
    await expect(asked).rejects.toThrow('Nothing was signed')
    expect([signer.signatures, requests.includes('POST')]).toEqual([0, false])
  })

  it('where the caller has not named the contract that takes the payment', async () => {
    const signer = signerOf(await accountWith(105n * usdc))
    const trusted = { chainId: market.chainId, address: market.market.address }
    const without = createRunlineClient({ url: market.api.url, market: trusted })
    await expect(without.runs.post(await terms(), { via: 'relay', signer })).rejects.toThrow('the option contracts')
    expect(signer.signatures).toBe(0)
  })
})
