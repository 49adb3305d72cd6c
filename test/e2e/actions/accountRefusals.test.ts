import { type LocalAccount, zeroAddress } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accountOf, roles } from '../../../tools/devnet/accounts.ts'
import { sharedMarket, type TestMarket } from '../../support/market.ts'
import { type Participants, usdc } from '../../support/participants.ts'
import { codeOf } from '../claims/claimApi.ts'
import { type Accounts, accountsOn } from './accountsOn.ts'

let market: TestMarket
let accounts: Accounts
let people: Participants
let owner: LocalAccount
let id: bigint
let before: number

const stranger = accountOf(5)
const sentByRelayer = () => market.client.getTransactionCount({ address: accountOf(roles.relayer).address })

beforeAll(async () => {
  market = await sharedMarket('unsigned')
  accounts = accountsOn(market)
  people = accounts.people
  owner = await accounts.accountWith(200n * usdc)
  id = await accounts.newAgent(owner)
  await accounts.make('stake', owner, { agentId: id, from: owner.address, amount: 20n * usdc })
  before = await sentByRelayer()
}, 120_000)

afterAll(async () => expect(await sentByRelayer()).toBe(before))

describe('an action of an account is refused, and costs no transaction:', () => {
  it('the signature of another account, and one of other members', async () => {
    const { path, body } = await accounts.signed('post', owner, await accounts.postQuery(owner))
    const forged = await accounts.signed('post', stranger, await accounts.postQuery(owner))
    expect(codeOf(await accounts.api.post(path, forged.body))).toEqual([401, 'INVALID_SIGNATURE'])
    for (const change of [
      { reward: String(90n * usdc) },
      { ipfsHash: 'ipfs://worm' },
      { evaluator: stranger.address },
      { stakePercent: 1 },
      { workPeriod: 3_600 },
      { salt: `0x${'1'.repeat(64)}` },
      { validBefore: body.validBefore - 1 },
    ]) {
      const answer = await accounts.api.post(path, { ...body, ...change })
      expect(codeOf(answer), JSON.stringify(change)).toEqual([401, 'INVALID_SIGNATURE'])
    }
    const register = await accounts.signed('register', owner, { owner: owner.address, agentURI: 'ipfs://one' })
    const other = await accounts.api.post(register.path, { ...register.body, agentURI: 'ipfs://two' })
    expect(codeOf(other)).toEqual([401, 'INVALID_SIGNATURE'])
    expect(other.headers.get('WWW-Authenticate')).toContain('/api/messages/register?owner=')
    const stake = await accounts.signed('stake', owner, { agentId: id, from: owner.address, amount: usdc })
    expect(codeOf(await accounts.api.post(stake.path, { ...stake.body, amount: '2000000' }))).toEqual([
      401,
      'INVALID_SIGNATURE',
    ])
  })

  it('a signature that has expired, or is valid for too long', async () => {
    const now = await people.now()
    for (const validBefore of [now - 10n, now + 20n, now + 700n]) {
      const { path, body } = await accounts.signed('post', owner, await accounts.postQuery(owner))
      const answer = await accounts.api.post(path, { ...body, validBefore: Number(validBefore) })
      expect(codeOf(answer), String(validBefore)).toEqual([401, 'SIGNATURE_EXPIRED'])
    }
    const asked = await accounts.messageFor('post', await accounts.postQuery(owner, { validBefore: now + 700n }))
    expect(codeOf(asked)).toEqual([400, 'VALIDATION_FAILED'])
  })

  it('more USDC or stake than there is', async () => {
    const post = await accounts.make('post', owner, await accounts.postQuery(owner, { reward: 900n * usdc }))
    expect(codeOf(post)).toEqual([403, 'INSUFFICIENT_BALANCE'])
    expect(post.body).toMatchObject({ balance: String(180n * usdc), required: String(945n * usdc) })
    const unstake = await accounts.messageFor('unstake', { agentId: id, signer: owner.address, amount: 21n * usdc })
    expect(codeOf(unstake)).toEqual([403, 'INSUFFICIENT_STAKE'])
  })

  it('terms that the market does not take', async () => {
    const refused = async (change: Record<string, unknown>) => {
      const { body } = await accounts.messageFor('post', await accounts.postQuery(owner, change))
      return [body.code, body.field]
    }
    const now = await people.now()
    expect(await refused({ reward: 9_999 })).toEqual(['TERMS_REFUSED', 'reward'])
    expect(await refused({ reward: 999_999 })).toEqual(['REWARD_TOO_LOW', undefined])
    expect(await refused({ deadline: now })).toEqual(['TERMS_REFUSED', 'deadline'])
    expect(await refused({ deadline: now + 400n * 86_400n })).toEqual(['TERMS_REFUSED', 'deadline'])
    expect(await refused({ workPeriod: 3_601 })).toEqual(['TERMS_REFUSED', 'workPeriod'])
    expect(await refused({ stakePercent: 101 })).toEqual(['VALIDATION_FAILED', 'stakePercent'])
    expect(await refused({ ipfsHash: '' })).toEqual(['VALIDATION_FAILED', 'ipfsHash'])
    // The same, sent without a message.
    const { path, body } = await accounts.signed('post', owner, await accounts.postQuery(owner))
    expect(codeOf(await accounts.api.post(path, { ...body, reward: '9999' }))).toEqual([403, 'REWARD_TOO_LOW'])
  })

  it('an unstake by an account that may not, and a stake of an agent that is not there or not the owner’s', async () => {
    const query = { agentId: id, signer: stranger.address, amount: usdc }
    const message = await accounts.messageFor('unstake', query)
    expect(codeOf(message)).toEqual([403, 'SIGNER_MISMATCH'])
    expect(message.body.expected).toEqual([owner.address])
    const own = await accounts.signed('unstake', owner, { ...query, signer: owner.address })
    const named = await accounts.api.post(own.path, { ...own.body, signer: stranger.address })
    expect(codeOf(named)).toEqual([401, 'INVALID_SIGNATURE'])
    expect(codeOf(await accounts.messageFor('stake', { agentId: 999_999, from: owner.address, amount: 1 }))).toEqual([
      404,
      'AGENT_NOT_FOUND',
    ])
    const { body } = await accounts.signed('stake', owner, { agentId: id, from: owner.address, amount: usdc })
    expect(codeOf(await accounts.api.post('/api/agents/999999/stake', body))).toEqual([401, 'INVALID_SIGNATURE'])
    expect(codeOf(await accounts.api.post(`/api/agents/${2n ** 300n}/stake`, body))).toEqual([404, 'AGENT_NOT_FOUND'])
  })

  it('a body that is not the message’s', async () => {
    const fields = async (path: string, good: object, change: object) => {
      const { status, body } = await accounts.api.post(path, { ...good, ...change })
      return [status, body.field]
    }
    const post = (await accounts.signed('post', owner, await accounts.postQuery(owner))).body
    expect(await fields('/api/runs', post, { reward: '0' })).toEqual([400, 'reward'])
    expect(await fields('/api/runs', post, { reward: '1.5' })).toEqual([400, 'reward'])
    expect(await fields('/api/runs', post, { salt: '0x12' })).toEqual([400, 'salt'])
    expect(await fields('/api/runs', post, { stakePercent: 300 })).toEqual([400, 'stakePercent'])
    expect(await fields('/api/runs', post, { workPeriod: 2 ** 33 })).toEqual([400, 'workPeriod'])
    expect(await fields('/api/runs', post, { poster: undefined })).toEqual([400, 'poster'])
    expect(await fields('/api/runs', post, { evaluator: zeroAddress, more: 1 })).toEqual([400, 'more'])
    const register = (await accounts.signed('register', owner, { owner: owner.address, agentURI: 'é'.repeat(128) }))
      .body
    expect(await fields('/api/agents', register, { agentURI: 'é'.repeat(129) })).toEqual([400, 'agentURI'])
    expect(await fields('/api/agents', register, { agentURI: 'a\0b' })).toEqual([400, 'agentURI'])
    const unstake = (await accounts.signed('unstake', owner, { agentId: id, signer: owner.address, amount: 1 })).body
    expect(await fields(`/api/agents/${id}/unstake`, unstake, { nonce: '9'.repeat(78) })).toEqual([400, 'nonce'])
    expect(await fields(`/api/agents/${id}/unstake`, unstake, { amount: 0 })).toEqual([400, 'amount'])
  })
})
