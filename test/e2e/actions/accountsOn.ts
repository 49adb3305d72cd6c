import type { LocalAccount } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { expect } from 'vitest'
import type { AccountActionName } from '../../../core/market/accountActions.ts'
import type { TestMarket } from '../../support/market.ts'
import { participantsOf, usdc } from '../../support/participants.ts'
import { claimApi } from '../claims/claimApi.ts'

export const newAccount = () => privateKeyToAccount(generatePrivateKey())

/** What accounts without ether ask the API of the market to do. */
export function accountsOn(market: TestMarket) {
  const api = claimApi(market.api.url)
  const people = participantsOf(market)

  /** An account with USDC and no ether. */
  async function accountWith(amount: bigint) {
    const account = newAccount()
    await people.mined(() => market.usdc.write.mint([account.address, amount]))
    return account
  }

  /** Asks what to sign at the chain's latest block. */
  async function messageFor(action: AccountActionName, query: Record<string, unknown>) {
    const minBlock = await market.client.getBlockNumber({ cacheTime: 0 })
    const named = Object.entries({ ...query, minBlock }).map(([name, value]) => [name, String(value)])
    return api.get(`/api/messages/${action}?${new URLSearchParams(Object.fromEntries(named))}`)
  }

  /** What the API says is to be signed, with the account's signature. */
  async function signed(action: AccountActionName, account: LocalAccount, query: Record<string, unknown>) {
    const message = await messageFor(action, query)
    expect(message.status, JSON.stringify(message.body)).toBe(200)
    const { path, body, typedData } = message.body
    return { path, body: { ...body, signature: await account.signTypedData(typedData) } }
  }

  /** Signs what the API says, and sends it where the API says. */
  async function make(action: AccountActionName, account: LocalAccount, query: Record<string, unknown>) {
    const { path, body } = await signed(action, account, query)
    return api.post(path, body)
  }

  const postQuery = async ({ address }: LocalAccount, more: Record<string, unknown> = {}) => ({
    poster: address,
    ipfsHash: 'ipfs://run',
    reward: 100n * usdc,
    deadline: (await people.now()) + 86_400n,
    ...more,
  })

  /** Registers an agent of the account. @returns its id. */
  async function newAgent(owner: LocalAccount): Promise<bigint> {
    const { status, body } = await make('register', owner, { owner: owner.address, agentURI: 'ipfs://agent' })
    expect(status, JSON.stringify(body)).toBe(200)
    return BigInt(body.agent.id)
  }

  return { api, people, accountWith, messageFor, signed, make, postQuery, newAgent }
}

export type Accounts = ReturnType<typeof accountsOn>
