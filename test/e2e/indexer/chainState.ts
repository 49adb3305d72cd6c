import { type Address, BaseError, ContractFunctionRevertedError, isAddressEqual, zeroAddress } from 'viem'
import { expect } from 'vitest'
import {
  type AgentStep,
  type agent,
  type agentCount,
  agentSteps,
  type marketDay,
  type provenDay,
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
    ...comparable
  } = row
  return comparable
}

type Run = typeof run.$inferSelect

/** How many runs of a band of rewards or a party are in each state. The key names its table, and the party or the lowest reward. */
type Band = { key: string } & Record<(typeof runStates)[number], number>

/** The bands and parties' counts that the runs imply, derived from the amounts' digits. Without empty bands. */
function runBandsOf(runs: readonly Run[]): Band[] {
  const keysOf = ({ reward, posterAddress, evaluator, claimedBy }: Run) => {
    const digits = reward.toString()
    return [
      `reward ${digits.slice(0, 2).padEnd(digits.length, '0')}`,
      `party poster ${posterAddress}`,
      ...(evaluator === null ? [] : [`party evaluator ${evaluator}`]),
      ...(claimedBy === null ? [] : [`party claimedBy ${claimedBy}`]),
    ]
  }
  const byKey = Map.groupBy(
    runs.flatMap((each) => keysOf(each).map((key) => ({ key, state: each.state }))),
    ({ key }) => key,
  )
  return [...byKey].map(([key, members]) => {
    const counts = runStates.map((state) => [state, members.filter((member) => member.state === state).length])
    return { key, ...(Object.fromEntries(counts) as Record<(typeof runStates)[number], number>) }
  })
}

/** The rows of `deadline_band` that the runs imply, without empty bands. */
function deadlineBandsOf(runs: readonly Run[]) {
  const open = runs.filter(({ state }) => state === 'OPEN')
  return [3_600, 345_600].flatMap((seconds) => {
    const bands = Map.groupBy(open, ({ deadline }) => (deadline / BigInt(seconds)) * BigInt(seconds))
    return [...bands]
      .toSorted(([a], [b]) => Number(a - b))
      .map(([lowest, members]) => ({ seconds, lowest, open: members.length }))
  })
}

/** The bands that count any run, in an order that does not depend on the tables. */
function comparableBands(bands: readonly Band[]): Band[] {
  return bands
    .filter((band) => runStates.some((state) => band[state] !== 0))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
}

/** The sums over all rows of `market_day` that the runs imply. */
function figuresOf(runs: readonly Run[]) {
  const sum = (amounts: bigint[]) => amounts.reduce((total, amount) => total + amount, 0n)
  const live = runs.filter(({ state }) => !['DRAFT', 'APPROVED', 'REJECTED'].includes(state))
  return {
    escrowed: sum(live.map(({ reward, fee }) => reward + fee)),
    locked: sum(live.map(({ state, stake }) => (state === 'OPEN' ? 0n : (stake ?? 0n)))),
    paid: sum(runs.filter(({ state }) => state === 'APPROVED').map(({ reward }) => reward)),
    ...Object.fromEntries(
      runStates.map((state) => [state, BigInt(runs.filter((each) => each.state === state).length)]),
    ),
  }
}

/** The same sums over the rows. */
function sumOfDays(days: readonly (typeof marketDay.$inferSelect)[]) {
  const names = ['escrowed', 'locked', 'paid', ...runStates] as const
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

/** The rows of `proven_day` that the agents imply, without rows that count nothing. */
function provenDaysOf(agents: readonly Agent[]): (typeof provenDay.$inferSelect)[] {
  const proven = agents.filter((agent) => stepOf(agent) === 'PROVEN')
  const byDay = Map.groupBy(proven, ({ stakedAt }) => stakedAt / 86_400n)
  return [...byDay].map(([day, members]) => ({ day: day * 86_400n, agents: members.length }))
}

/** The row of `agent_count` that the agents imply, without its chain. */
function agentCountsOf(agents: readonly Agent[]): Omit<typeof agentCount.$inferSelect, 'chainId'> {
  const counts = agentSteps.map((step) => [step, agents.filter((agent) => stepOf(agent) === step).length])
  return {
    ...(Object.fromEntries(counts) as Record<AgentStep, number>),
    staked: agents.reduce((total, { stakedAmount }) => total + stakedAmount, 0n),
  }
}

/** Expects that the tables of counts are what the rows of runs and agents imply. */
export function expectCounts(tables: Awaited<ReturnType<Index['tables']>>) {
  const { runs, agents, runBands, deadlineBands, marketDays, agentCounts, provenDays } = tables
  expect(comparableBands(runBands)).toEqual(comparableBands(runBandsOf(runs)))
  expect(deadlineBands).toEqual(deadlineBandsOf(runs))
  expect(sumOfDays(marketDays)).toEqual(figuresOf(runs))
  expect(agentCounts).toMatchObject([agentCountsOf(agents)])
  expect(provenDays.filter(({ agents }) => agents > 0)).toEqual(provenDaysOf(agents))
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
  const { registrationLog, volume, step, updatedBlock, ...comparable } = withPast
  return comparable
}

/** `ownerOf` reverts for an agent that does not exist. */
function nullIfReverted(error: unknown) {
  if (error instanceof BaseError && error.walk((cause) => cause instanceof ContractFunctionRevertedError)) return null
  throw error
}
