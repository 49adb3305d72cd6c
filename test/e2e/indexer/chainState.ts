import { type Address, BaseError, ContractFunctionRevertedError, isAddressEqual, zeroAddress } from 'viem'
import { expect } from 'vitest'
import {
  type AgentStep,
  type agent,
  agentSteps,
  type marketDay,
  recordOf,
  type run,
  runStates,
} from '../../../ponder.schema.ts'
import type { MarketOnAnvil } from '../../support/marketOnAnvil.ts'
import type { Index } from './indexOf.ts'

const week = 7n * 24n * 60n * 60n

/** The names of `IBountyMarket.State`, by number. */
const states = ['NONE', ...runStates] as const

const lower = (address: Address) => (isAddressEqual(address, zeroAddress) ? null : address.toLowerCase())

/** The run rows that the market's storage implies: all columns but hashes and past times. */
export async function runsOnChain({ market }: MarketOnAnvil) {
  const count = await market.read.bountyCount()
  const ids = Array.from({ length: Number(count) }, (_, index) => BigInt(index + 1))
  return Promise.all(
    ids.map(async (bountyId) => {
      const bounty = await market.read.getBounty([bountyId])
      const state = states[bounty.state]
      const isClaimed = bounty.wallet !== zeroAddress
      const isAgentsMove = state === 'CLAIMED' || state === 'IN_PROGRESS' || state === 'REVISION_REQUESTED'
      return {
        bountyId,
        posterAddress: bounty.poster,
        reward: bounty.reward,
        fee: (bounty.reward * 5n) / 100n,
        deadline: BigInt(bounty.deadline),
        state,
        claimedBy: isClaimed ? BigInt(bounty.agentId) : null,
        claimedByWallet: isClaimed ? bounty.wallet : null,
        stake: isClaimed ? bounty.stake : null,
        submitBy: isAgentsMove ? BigInt(bounty.since + bounty.workPeriod) : null,
        reviewBy: state === 'SUBMITTED' ? BigInt(bounty.since) + week : null,
        revisions: bounty.revisions,
        round: bounty.round,
        workPeriod: bounty.workPeriod,
        stakeRequired: bounty.stake,
        evaluator: bounty.evaluator === zeroAddress ? null : bounty.evaluator,
        closing: bounty.closing,
        claimant: bounty.claimant === zeroAddress ? null : bounty.claimant,
        namings: bounty.namings,
      }
    }),
  )
}

/** The same columns of a run row. */
export function comparableRun(row: typeof run.$inferSelect) {
  const {
    ipfsHash,
    deliverableHash,
    feedbackHash,
    createdAt,
    openedAt,
    claimedAt,
    submittedAt,
    endedAt,
    payer,
    ...comparable
  } = row
  return comparable
}

type Run = typeof run.$inferSelect

/** What the runs imply of each poster: how many of those that it paid are in each state. No test posts by a signature here. */
function postersOf(runs: readonly Run[]) {
  const byPoster = Map.groupBy(runs, ({ posterAddress }) => posterAddress)
  return [...byPoster]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([address, its]) => {
      const own = its.filter(({ payer }) => payer === null || isAddressEqual(payer, address))
      return {
        address,
        paidByOthers: its.length - own.length,
        ...recordOf(runStates, (state) => own.filter((each) => each.state === state).length),
      }
    })
}

/** The sums over all rows of `market_day` that runs and agents imply. */
function figuresOf(runs: readonly Run[], agents: readonly Agent[]) {
  const sum = (amounts: bigint[]) => amounts.reduce((total, amount) => total + amount, 0n)
  const live = runs.filter(({ state }) => !['DRAFT', 'APPROVED', 'REJECTED'].includes(state))
  return {
    escrowed: sum(live.map(({ reward, fee }) => reward + fee)),
    locked: sum(live.map(({ state, stake }) => (state === 'OPEN' ? 0n : (stake ?? 0n)))),
    paid: sum(runs.filter(({ state }) => state === 'APPROVED').map(({ reward }) => reward)),
    ...recordOf(runStates, (state) => BigInt(runs.filter((each) => each.state === state).length)),
    ...recordOf(agentSteps, (step) => BigInt(agents.filter((each) => each.step === step).length)),
    staked: sum(agents.map(({ stakedAmount }) => stakedAmount)),
    feesPaid: sum(agents.map(({ feesPaid }) => feesPaid)),
  }
}

/** The same sums over the rows. */
function sumOfDays(days: readonly (typeof marketDay.$inferSelect)[]) {
  const names = ['escrowed', 'locked', 'paid', 'staked', 'feesPaid', ...runStates, ...agentSteps] as const
  return Object.fromEntries(names.map((name) => [name, days.reduce((sum, day) => sum + BigInt(day[name]), 0n)]))
}

type Agent = typeof agent.$inferSelect

/** The step of an agent row, by the contract's rule. */
function stepOf({ owner, banned, frozen, stakedAmount, completions }: Agent): AgentStep | null {
  if (owner === null) return null
  if (banned) return 'BANNED'
  if (frozen) return 'FROZEN'
  if (stakedAmount < 20_000_000n) return 'UNVERIFIED'
  return completions < 5 ? 'PROVISIONAL' : 'PROVEN'
}

/** Expects that counts and steps are what the rows of runs and agents imply. */
export function expectCounts(tables: Awaited<ReturnType<Index['tables']>>) {
  const { runs, agents, posters, marketDays } = tables
  const counted = posters.filter((row) => row.paidByOthers > 0 || runStates.some((state) => row[state] !== 0))
  expect(counted.toSorted((a, b) => (a.address < b.address ? -1 : 1))).toMatchObject(postersOf(runs))
  expect(sumOfDays(marketDays)).toEqual(figuresOf(runs, agents))
  expect(agents.map(({ step }) => step)).toEqual(agents.map(stepOf))
}

/** The agent rows of these ids that registry and staking contract imply. */
export async function agentsOnChain({ registry, staking }: MarketOnAnvil, ids: readonly bigint[]) {
  return Promise.all(
    ids.map(async (id) => {
      const [stakedAmount, lockedAmount, stakedAt, completions, slashes, frozen, banned] = await staking.read.accountOf(
        [id],
      )
      const [owner, wallet] = await Promise.all([
        registry.read.ownerOf([id]).then(lower, nullIfReverted),
        registry.read.getAgentWallet([id]),
      ])
      return {
        id,
        owner,
        agentWallet: lower(wallet),
        stakedAmount,
        lockedAmount,
        stakedAt,
        completions: Number(completions),
        slashes: Number(slashes),
        frozen,
        banned,
      }
    }),
  )
}

/** The same columns of an agent row. */
export function comparableAgent(row: typeof agent.$inferSelect) {
  const { agentURI, agentURITruncated, agentURIBlock, registeredAt, ...withPast } = row
  const { registrationLog, volume, feesPaid, step, updatedBlock, ...comparable } = withPast
  return comparable
}

/** `ownerOf` reverts for an agent that does not exist. */
function nullIfReverted(error: unknown) {
  if (error instanceof BaseError && error.walk((cause) => cause instanceof ContractFunctionRevertedError)) return null
  throw error
}
