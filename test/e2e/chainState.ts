import { type Address, BaseError, ContractFunctionRevertedError, isAddressEqual, zeroAddress } from 'viem'
import { type agent, type rewardBand, type run, runStates } from '../../ponder.schema.ts'
import type { MarketOnAnvil } from './marketOnAnvil.ts'

const week = 7n * 24n * 60n * 60n

/** `IBountyMarket.State`, by its numbers. */
const states = ['NONE', ...runStates] as const

const lower = (address: Address) => (isAddressEqual(address, zeroAddress) ? null : address.toLowerCase())

/** What the run rows must hold, as far as the market's storage knows: all but hashes and past times. */
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

/** The same columns of the run rows. */
export function comparableRun(row: typeof run.$inferSelect) {
  const { ipfsHash, deliverableHash, feedbackHash, createdAt, claimedAt, submittedAt, endedAt, ...comparable } = row
  return comparable
}

/** What the band rows must hold, counted from the runs; the band found by text, not by the handlers' arithmetic. */
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
        paid: sum(members.filter(({ state }) => state === 'APPROVED').map(({ reward }) => reward)),
      }
    })
}

/** What the agent rows of these ids must hold, as registry and staking know it. */
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

/** The same columns of the agent rows. */
export function comparableAgent(row: typeof agent.$inferSelect) {
  const { agentURI, registeredAt, registrationLog, volume, ...comparable } = row
  return comparable
}

/** `ownerOf` reverts for an agent that does not exist. */
function nullIfReverted(error: unknown) {
  if (error instanceof BaseError && error.walk((cause) => cause instanceof ContractFunctionRevertedError)) return null
  throw error
}
