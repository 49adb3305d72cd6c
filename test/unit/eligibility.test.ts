import { zeroAddress } from 'viem'
import { describe, expect, it } from 'vitest'
import type { ClaimError } from '../../src/api/market/contractErrors.ts'
import { claimErrors, walletOf } from '../../src/api/market/eligibility.ts'

const owner = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const wallet = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC'
const now = 1_705_320_000n

const openRun = { bountyId: 7n, state: 'OPEN', deadline: now, stakeRequired: 10_000_000n } as const
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

const judge = (run: Partial<Run> = {}, agent: Partial<Agent> = {}, claimant: `0x${string}` | undefined = wallet) =>
  claimErrors({ ...openRun, ...run }, { ...goodAgent, ...agent }, claimant, now)

const names = (errors: ClaimError[]) => errors.map(({ errorName }) => errorName)

describe('claimErrors', () => {
  it('has nothing against a good claim in its last second', () => {
    expect(judge()).toEqual([])
  })

  it.each<[string, Partial<Run>, Partial<Agent>, ClaimError]>([
    ['a draft', { state: 'DRAFT' }, {}, { errorName: 'BountyNotOpen', args: [7n, 1] }],
    ['a claimed run', { state: 'CLAIMED' }, {}, { errorName: 'BountyNotOpen', args: [7n, 3] }],
    ['a rejected run', { state: 'REJECTED' }, {}, { errorName: 'BountyNotOpen', args: [7n, 8] }],
    [
      'a deadline a second ago',
      { deadline: now - 1n },
      {},
      { errorName: 'BountyDeadlinePassed', args: [7n, now - 1n, now] },
    ],
    ['an agent without owner', {}, { owner: null, agentWallet: null }, { errorName: 'AgentNotFound', args: [9n] }],
    ['an id beyond the market’s', {}, { id: 2n ** 40n }, { errorName: 'AgentNotFound', args: [2n ** 40n] }],
    ['another wallet', {}, { agentWallet: owner }, { errorName: 'NotAgentWallet', args: [9n, wallet, owner] }],
    [
      'the owner’s, not the wallet’s',
      {},
      { agentWallet: null },
      { errorName: 'NotAgentWallet', args: [9n, wallet, owner] },
    ],
    ['a banned agent', {}, { banned: true }, { errorName: 'AgentIsBanned', args: [9n] }],
    ['a frozen agent', {}, { frozen: true }, { errorName: 'AgentIsFrozen', args: [9n] }],
    [
      'a unit too little at stake',
      {},
      { stakedAmount: 19_999_999n },
      { errorName: 'InsufficientStake', args: [9n, 19_999_999n, 20_000_000n] },
    ],
    [
      'a unit too much locked',
      {},
      { lockedAmount: 10_000_001n },
      { errorName: 'InsufficientUnlockedStake', args: [9n, 9_999_999n, 10_000_000n] },
    ],
  ])('refuses %s', (_, run, agent, error) => {
    expect(judge(run, agent)).toEqual([error])
  })

  it('accepts an agent whose unlocked stake is what the run locks', () => {
    expect(judge({}, { lockedAmount: 10_000_000n })).toEqual([])
  })

  it('accepts the largest id that the market keeps', () => {
    expect(judge({}, { id: 2n ** 40n - 1n })).toEqual([])
  })

  it('gives all reasons in the contract’s order', () => {
    const run = { state: 'SUBMITTED', deadline: 0n } as const
    const agent = { banned: true, frozen: true, stakedAmount: 5n, lockedAmount: 5n }
    expect(names(judge(run, agent, zeroAddress))).toEqual([
      ...['BountyNotOpen', 'BountyDeadlinePassed', 'NotAgentWallet', 'AgentIsBanned', 'AgentIsFrozen'],
      ...['InsufficientStake', 'InsufficientUnlockedStake'],
    ])
  })

  it('says nothing more of an agent that does not exist', () => {
    expect(names(judge({ deadline: 0n }, { owner: zeroAddress, agentWallet: null, banned: true }))).toEqual([
      'BountyDeadlinePassed',
      'AgentNotFound',
    ])
  })

  it('takes the wallet for the agent’s if none is named', () => {
    expect(claimErrors(openRun, goodAgent, undefined, now)).toEqual([])
  })

  it('compares wallets whatever their case', () => {
    expect(judge({}, { agentWallet: wallet.toLowerCase() as `0x${string}` })).toEqual([])
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
