import { zeroAddress } from 'viem'
import { describe, expect, it } from 'vitest'
import type { ClaimError } from '../../core/market/contractErrors.ts'
import { claimErrors, walletOf } from '../../core/market/eligibility.ts'

const owner = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const wallet = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC'
const now = 1_705_320_000n

const poster = '0x90F79bf6EB2c4f870365E785982E1f101E93b906'
const openRun = {
  bountyId: 7n,
  state: 'OPEN',
  deadline: now,
  stakeRequired: 10_000_000n,
  posterAddress: poster,
  claimant: null,
} as const
const goodAgent = {
  id: 9n,
  owner,
  agentWallet: wallet,
  stakedAmount: 20_000_000n,
  lockedAmount: 0n,
  frozen: false,
  banned: false,
} as const

type Run = Parameters<typeof claimErrors>[0]
type Agent = Parameters<typeof claimErrors>[1]

const errorsOf = (run: Partial<Run> = {}, agent: Partial<Agent> = {}, claimant: `0x${string}` | undefined = wallet) =>
  claimErrors({ ...openRun, ...run }, { ...goodAgent, ...agent }, claimant, now)

const names = (errors: ClaimError[]) => errors.map(({ errorName }) => errorName)

describe('claimErrors', () => {
  it('returns no error for a valid claim in the last second', () => {
    expect(errorsOf()).toEqual([])
  })

  it.each<[string, Partial<Run>, Partial<Agent>, ClaimError]>([
    ['a draft', { state: 'DRAFT' }, {}, { errorName: 'BountyNotOpen', args: [7n, 1] }],
    ['a claimed run', { state: 'CLAIMED' }, {}, { errorName: 'BountyNotOpen', args: [7n, 3] }],
    ['a rejected run', { state: 'REJECTED' }, {}, { errorName: 'BountyNotOpen', args: [7n, 8] }],
    [
      'a run whose deadline passed a second ago',
      { deadline: now - 1n },
      {},
      { errorName: 'BountyDeadlinePassed', args: [7n, now - 1n, now] },
    ],
    [
      'another wallet than the claimant’s',
      { claimant: owner },
      {},
      { errorName: 'NotClaimant', args: [7n, wallet, owner] },
    ],
    [
      'any wallet while none is named',
      { claimant: poster },
      {},
      { errorName: 'NotClaimant', args: [7n, wallet, poster] },
    ],
    ['an agent without owner', {}, { owner: null, agentWallet: null }, { errorName: 'AgentNotFound', args: [9n] }],
    ['an id beyond 40 bits', {}, { id: 2n ** 40n }, { errorName: 'AgentNotFound', args: [2n ** 40n] }],
    [
      'a wallet that is not the agent’s',
      {},
      { agentWallet: owner },
      { errorName: 'NotAgentWallet', args: [9n, wallet, owner] },
    ],
    [
      'a former wallet, with the owner as the current one',
      {},
      { agentWallet: null },
      { errorName: 'NotAgentWallet', args: [9n, wallet, owner] },
    ],
    ['a banned agent', {}, { banned: true }, { errorName: 'AgentIsBanned', args: [9n] }],
    ['a frozen agent', {}, { frozen: true }, { errorName: 'AgentIsFrozen', args: [9n] }],
    [
      'a stake one unit below the minimum',
      {},
      { stakedAmount: 19_999_999n },
      { errorName: 'InsufficientStake', args: [9n, 19_999_999n, 20_000_000n] },
    ],
    [
      'one unit too little unlocked',
      {},
      { lockedAmount: 10_000_001n },
      { errorName: 'InsufficientUnlockedStake', args: [9n, 9_999_999n, 10_000_000n] },
    ],
  ])('refuses %s', (_, run, agent, error) => {
    expect(errorsOf(run, agent)).toEqual([error])
  })

  it('accepts the claimant’s wallet', () => {
    expect(errorsOf({ claimant: wallet })).toEqual([])
  })

  it('refuses the poster’s own wallet where the poster is the claimant', () => {
    const run = { posterAddress: wallet, claimant: wallet } as const
    expect(errorsOf(run)).toEqual([{ errorName: 'NotClaimant', args: [7n, wallet, wallet] }])
  })

  it('takes the agent’s wallet for the one that claims if none is given', () => {
    const run = { ...openRun, claimant: owner } as const
    expect(names(claimErrors(run, goodAgent, undefined, now))).toEqual(['NotClaimant'])
    expect(names(claimErrors({ ...run, claimant: wallet }, goodAgent, undefined, now))).toEqual([])
    const noAgent = { ...goodAgent, owner: null, agentWallet: null }
    expect(names(claimErrors(run, noAgent, undefined, now))).toEqual(['AgentNotFound'])
  })

  it('accepts an agent whose unlocked stake equals the run’s stake', () => {
    expect(errorsOf({}, { lockedAmount: 10_000_000n })).toEqual([])
  })

  it('accepts the largest agent id that the market can store', () => {
    expect(errorsOf({}, { id: 2n ** 40n - 1n })).toEqual([])
  })

  it('returns all errors in the contract’s order', () => {
    const run = { state: 'SUBMITTED', deadline: 0n, claimant: owner } as const
    const agent = { banned: true, frozen: true, stakedAmount: 5n, lockedAmount: 5n }
    expect(names(errorsOf(run, agent, zeroAddress))).toEqual([
      'BountyNotOpen',
      'BountyDeadlinePassed',
      'NotClaimant',
      'NotAgentWallet',
      'AgentIsBanned',
      'AgentIsFrozen',
      'InsufficientStake',
      'InsufficientUnlockedStake',
    ])
  })

  it('returns no other error of an agent that does not exist', () => {
    expect(names(errorsOf({ deadline: 0n }, { owner: zeroAddress, agentWallet: null, banned: true }))).toEqual([
      'BountyDeadlinePassed',
      'AgentNotFound',
    ])
  })

  it('checks no wallet if none is given', () => {
    expect(claimErrors(openRun, goodAgent, undefined, now)).toEqual([])
  })

  it('ignores the letter case of wallets', () => {
    expect(errorsOf({}, { agentWallet: wallet.toLowerCase() as `0x${string}` })).toEqual([])
  })
})

describe('walletOf', () => {
  it.each([
    [owner, wallet, wallet],
    [owner, null, owner],
    [owner, zeroAddress, owner],
    [null, null, undefined],
    [zeroAddress, null, undefined],
  ] as const)('of owner %s and wallet %s is %s', (agentOwner, agentWallet, expected) => {
    expect(walletOf({ owner: agentOwner, agentWallet })).toBe(expected)
  })
})
