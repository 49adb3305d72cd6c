import { type Address, BaseError, ContractFunctionRevertedError, isAddressEqual, zeroAddress } from 'viem'
import {
  type AgentStep,
  type agent,
  type agentBand,
  agentSteps,
  type deadlineBand,
  type provenBand,
  type rewardBand,
  type run,
  runStates,
} from '../../../ponder.schema.ts'
import type { MarketOnAnvil } from '../../../testkit/marketOnAnvil.ts'

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
      }
    }),
  )
}

/** The same columns of a run row. */
export function comparableRun(row: typeof run.$inferSelect) {
  const { ipfsHash, deliverableHash, feedbackHash, createdAt, claimedAt, submittedAt, endedAt, ...comparable } = row
  return comparable
}

/** The band rows that the runs imply, with bands derived from the amounts' digits, not by the handlers' arithmetic. */
export function bandsOf(runs: readonly (typeof run.$inferSelect)[]): (typeof rewardBand.$inferSelect)[] {
  const lowestOf = (digits: string) => BigInt(digits.slice(0, 2).padEnd(digits.length, '0'))
  const byBand = Map.groupBy(runs, ({ reward }) => lowestOf(reward.toString()))
  const sum = (amounts: bigint[]) => amounts.reduce((total, amount) => total + amount, 0n)
  return [...byBand]
    .sort(([a], [b]) => Number(a - b))
    .map(([lowest, members]) => {
      const counts = runStates.map((state) => [state, members.filter((member) => member.state === state).length])
      const live = members.filter(({ state }) => !['DRAFT', 'APPROVED', 'REJECTED'].includes(state))
      return {
        lowest,
        ...(Object.fromEntries(counts) as Record<(typeof runStates)[number], number>),
        escrowed: sum(live.map(({ reward, fee }) => reward + fee)),
        locked: sum(live.map(({ state, stake }) => (state === 'OPEN' ? 0n : (stake ?? 0n)))),
        paid: sum(members.filter(({ state }) => state === 'APPROVED').map(({ reward }) => reward)),
      }
    })
}

/** The rows of `deadline_band` that the runs imply, without rows that count nothing. */
export function deadlineBandsOf(runs: readonly (typeof run.$inferSelect)[]): (typeof deadlineBand.$inferSelect)[] {
  const open = runs.filter(({ state }) => state === 'OPEN')
  const byDay = Map.groupBy(open, ({ deadline }) => deadline / 86_400n)
  const inOrder = [...byDay].sort(([a], [b]) => Number(a - b))
  return inOrder.map(([day, members]) => ({ day: day * 86_400n, OPEN: members.length }))
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

/** The rows of `proven_band` that the agents imply, without rows that count nothing. */
export function provenBandsOf(agents: readonly Agent[]): (typeof provenBand.$inferSelect)[] {
  const proven = agents.filter((agent) => stepOf(agent) === 'PROVEN')
  const byBand = Map.groupBy(proven, ({ id, stakedAt }) => `${stakedAt / 86_400n} ${id / 2_500n}`)
  return [...byBand].map(([key, members]) => {
    const [day = '', band = ''] = key.split(' ')
    return { day: BigInt(day) * 86_400n, lowest: BigInt(band) * 2_500n, agents: members.length }
  })
}

/** The rows of `agent_band` that the agents imply, without rows that count nothing. */
export function agentBandsOf(agents: readonly Agent[]): (typeof agentBand.$inferSelect)[] {
  const counting = agents.filter((agent) => stepOf(agent) !== null || agent.stakedAmount > 0n)
  const byBand = Map.groupBy(counting, ({ id }) => (id / 2_500n) * 2_500n)
  const inOrder = [...byBand].sort(([a], [b]) => (a < b ? -1 : 1))
  return inOrder.map(([lowest, members]) => {
    const counts = agentSteps.map((step) => [step, members.filter((member) => stepOf(member) === step).length])
    return {
      lowest,
      ...(Object.fromEntries(counts) as Record<AgentStep, number>),
      staked: members.reduce((total, { stakedAmount }) => total + stakedAmount, 0n),
    }
  })
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
  const { agentURI, registeredAt, registrationLog, volume, step, ...comparable } = row
  return comparable
}

/** `ownerOf` reverts for an agent that does not exist. */
function nullIfReverted(error: unknown) {
  if (error instanceof BaseError && error.walk((cause) => cause instanceof ContractFunctionRevertedError)) return null
  throw error
}
