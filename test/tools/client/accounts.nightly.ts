import type { LocalAccount } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { beforeAll, describe, expect, it } from 'vitest'
import { createRunlineClient, isProblem } from '../../../packages/client/src/index.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Participants, participantsOf, usdc } from '../../support/participants.ts'

let market: TestMarket
let people: Participants

beforeAll(async () => {
  market = await startTestMarket()
  people = participantsOf(market)
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

describe('the client, for accounts without ether,', () => {
  it('registers, stakes, posts, claims and takes stake out', { timeout: 60_000 }, async () => {
    const { runs, agents } = clientWith().client
    const worker = { via: 'relay', signer: await accountWith(30n * usdc) } as const
    const poster = { via: 'relay', signer: await accountWith(105n * usdc) } as const
    const { agent } = await agents.register('ipfs://agent', worker)
    expect(agent).toMatchObject({ ownerAddress: worker.signer.address, agentURI: 'ipfs://agent' })
    const staked = await agents.stake(agent.id, 30n * usdc, worker)
    expect(staked.agent.stakedAmount).toBe(String(30n * usdc))
    const posted = await runs.post({ ...(await terms()), workPeriod: 3_600, stakePercent: 5 }, poster)
    expect(posted.run).toMatchObject({ ipfsHash: 'ipfs://Task', workPeriod: 3_600, state: 'OPEN' })
    const { run } = await runs.claim(posted.run.bountyId, { agentId: agent.id, signer: worker.signer })
    expect(run.state).toBe('CLAIMED')
    const left = await agents.unstake(agent.id, 10n * usdc, worker)
    expect(left.agent.stakedAmount).toBe(String(20n * usdc))
    expect(await market.usdc.read.balanceOf([worker.signer.address])).toBe(10n * usdc)
    const again = await runs.post(await terms(), poster).catch((error: unknown) => error)
    expect(isProblem(again, 'INSUFFICIENT_BALANCE')).toBe(true)
    for (const { address } of [worker.signer, poster.signer]) {
      expect(await market.client.getBalance({ address })).toBe(0n)
    }
  })
})

describe('the client signs nothing', () => {
  const stranger = privateKeyToAccount(generatePrivateKey()).address
  const domain = (change: Record<string, unknown>) => (message: Message) => ({
    ...message,
    typedData: { ...message.typedData, domain: { ...message.typedData.domain, ...change } },
  })
  const member = (change: Record<string, string>) => (message: Message) => ({
    ...message,
    typedData: { ...message.typedData, message: { ...message.typedData.message, ...change } },
  })
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
