import { encodeErrorResult, type Hex, hashTypedData, parseAbi, type TypedDataDefinition } from 'viem'
import { describe, expect, it } from 'vitest'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import {
  type AccountMessage,
  accountActions,
  accountDigest,
  accountMessage,
  accountTypedData,
  authorizationNonce,
  fundsOf,
  isFunding,
  membersAsText,
  readAccountMessage,
} from '../../core/market/accountActions.ts'
import { explainAccountError } from '../../core/market/accountErrors.ts'
import { postError, unstakeError } from '../../core/market/accountRules.ts'
import { explainOpenError } from '../../core/market/openErrors.ts'

const account = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const other = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC'
const salt: Hex = `0x${'5a'.repeat(32)}`
const usdc = 1_000_000n
const contracts = {
  chainId: 31337,
  contracts: {
    USDC: '0x5FbDB2315678afecb367f032d93F642f64180aa3',
    AgentRegistry: '0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512',
    AgentStaking: '0xCafac3dD18aC6c6e92c921884f9E4176737C052c',
    BountyMarket: '0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0',
    SignedFunding: '0xCf7Ed3AccA5a467e9e704C703E8D87F634fB0Fc9',
  },
  usdcDomain: { name: 'USD Coin', version: '2' },
} as const

const post = accountMessage('post', {
  poster: account,
  ipfsHash: 'ipfs://ünïcode',
  reward: 33n,
  deadline: 1_705_752_000n,
  workPeriod: 3_600n,
  stakePercent: 20n,
  evaluator: other,
  claimant: account,
  salt,
  validBefore: 1_705_320_900n,
})
const messages: AccountMessage[] = [
  post,
  accountMessage('register', { owner: account, agentURI: '', salt, deadline: 1_705_320_900n }),
  accountMessage('stake', {
    agentId: 7n,
    from: account,
    owner: other,
    amount: usdc,
    salt,
    validBefore: 1_705_320_900n,
  }),
  accountMessage('unstake', { agentId: 7n, signer: account, amount: usdc, nonce: 3n, deadline: 1_705_320_900n }),
]

describe.each(messages)('the message of $action', (message) => {
  it('is the same after it was stored', () => {
    const stored = JSON.parse(JSON.stringify(membersAsText(message)))
    expect(readAccountMessage(message.action, stored)).toEqual(message)
  })

  it('has another hash for each other member', () => {
    const digest = accountDigest(contracts, message)
    expect(digest).toBe(hashTypedData(accountTypedData(contracts, message) as unknown as TypedDataDefinition))
    const changed = Object.entries(accountActions[message.action]).map(([member, type]) => {
      const text = membersAsText(message)
      const value = text[member] ?? ''
      const another = { address: contracts.contracts.USDC, string: `${value}x`, bytes32: `0x${'5b'.repeat(32)}` }
      const next = another[type as keyof typeof another] ?? String(BigInt(value) + 20n)
      return accountDigest(contracts, readAccountMessage(message.action, { ...text, [member]: next }))
    })
    expect(new Set([digest, ...changed]).size).toBe(changed.length + 1)
  })

  it('is signed by the account, until its last second', () => {
    expect(message.party).toBe(account)
    expect(message.deadline).toBe(isFunding(message) ? 1_705_320_899n : 1_705_320_900n)
  })
})

it('a post pays the fee, rounded down, and a stake the amount', () => {
  expect(fundsOf(post)).toBe(34n)
  const funding = messages.filter(isFunding)
  expect(funding.map(fundsOf)).toEqual([34n, usdc])
  expect(new Set(funding.map(authorizationNonce)).size).toBe(2)
})

describe('a refusal', () => {
  const text = (reason: string) =>
    encodeErrorResult({ abi: parseAbi(['error Error(string)']), errorName: 'Error', args: [reason] })

  it.each([
    ['FiatTokenV2: authorization is used or canceled', 'AUTHORIZATION_USED'],
    ['FiatTokenV2: authorization is expired', 'SIGNATURE_EXPIRED'],
    ['FiatTokenV2: invalid signature', 'INVALID_SIGNATURE'],
    ['ERC20: transfer amount exceeds balance', 'INSUFFICIENT_BALANCE'],
    ['Blacklistable: account is blacklisted', 'USDC_REFUSED'],
    ['Pausable: paused', 'USDC_REFUSED'],
  ])('of USDC, %s, is %s', (reason, code) => {
    expect(explainAccountError(text(reason))?.code).toBe(code)
  })

  it('of an expired payment has the end of its validity, which USDC does not repeat', () => {
    const refusal = explainAccountError(text('FiatTokenV2: authorization is expired'), 1_705_752_000n)
    expect(refusal?.extensions).toEqual({ deadline: '1705752000' })
  })

  it('that no contract of the market gives has no explanation', () => {
    expect(explainAccountError('0x12345678')).toBeUndefined()
    expect(explainAccountError('0x')).toBeUndefined()
    expect(explainOpenError('0x12345678')).toBeUndefined()
  })

  it('of a call that comes too early says when it comes in time', () => {
    const early = encodeErrorResult({
      abi: bountyMarketAbi,
      errorName: 'ReviewPeriodNotOver',
      args: [7n, 1_705_752_000n, 1_705_751_000n],
    })
    expect(explainOpenError(early)).toMatchObject({
      code: 'TOO_EARLY',
      extensions: { after: '2024-01-20T12:00:00.000Z' },
    })
  })
})

describe('the rules', () => {
  const now = 1_705_320_000n
  const terms = { reward: usdc, deadline: now + 1n, workPeriod: 0n }

  it('of posts have their limits where the market has them', () => {
    const field = (change: Partial<typeof terms>) =>
      postError({ ...terms, ...change }, 1_000n * usdc, now)?.extensions.field
    expect(field({})).toBeUndefined()
    expect([field({ reward: 10_000n }), field({ reward: 9_999n })]).toEqual([undefined, 'reward'])
    expect([field({ reward: 1_000n * usdc }), field({ reward: 1_000n * usdc + 1n })]).toEqual([undefined, 'reward'])
    expect(field({ deadline: now })).toBe('deadline')
    const latest = now + 365n * 86_400n
    expect([field({ deadline: latest }), field({ deadline: latest + 1n })]).toEqual([undefined, 'deadline'])
    expect([field({ workPeriod: 3_600n }), field({ workPeriod: 3_601n })]).toEqual([undefined, 'workPeriod'])
  })

  it('of withdrawals leave what live runs need', () => {
    const facts = { id: 7n, owner: account, wallet: account, staked: 50n * usdc, locked: 10n * usdc } as const
    const code = (change: object, amount: bigint) => unstakeError({ ...facts, ...change }, account, amount)?.code
    expect([code({}, 30n * usdc), code({}, 30n * usdc + 1n)]).toEqual([undefined, 'STAKE_LOCKED'])
    expect(code({ locked: 25n * usdc }, 26n * usdc)).toBe('STAKE_LOCKED')
    expect([code({ locked: 0n }, 50n * usdc), code({ locked: 0n }, 51n * usdc)]).toEqual([
      undefined,
      'INSUFFICIENT_STAKE',
    ])
    expect(unstakeError(facts, other, 1n)?.code).toBe('SIGNER_MISMATCH')
  })
})
