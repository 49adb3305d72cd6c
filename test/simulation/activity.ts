import { BaseError, type Hex } from 'viem'
import { type Call, callOf } from '../../tools/devnet/call.ts'
import { proposeForAgent } from './agentActions.ts'
import { proposeForBounty } from './bountyActions.ts'
import { proposeClaim } from './claimActions.ts'
import { LIVE, OPEN, pickBounty } from './parties.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

/** One step and its outcome, for the simulation's report. */
export type Step = { action: string; outcome: 'mined' | 'beaten' | 'refused' | 'skipped'; hash?: Hex }

const WEEK = 7n * 86_400n

const kinds = { bounty: 50, claim: 25, agent: 20, donation: 3, time: 5 }

/**
 * Makes one random move on the market: mostly one that the party may make now, sometimes one that the contracts must
 * refuse. A call that would revert is not sent.
 */
export async function act(world: World, random: Random): Promise<Step> {
  const kind = random.weighted(kinds)
  if (kind === 'time') return travel(world, random)
  const call = await propose[kind](world, random)
  return call ? attempt(world, call) : { action: kind, outcome: 'skipped' }
}

const propose = { bounty: proposeForBounty, claim: proposeClaim, agent: proposeForAgent, donation: proposeDonation }

/** USDC that a contract then holds beyond what it owes. */
async function proposeDonation({ contracts: { usdc, market, staking }, everyone }: World, random: Random) {
  const { address } = random.pick([market, staking])
  return callOf(random.pick(everyone), usdc, 'transfer', [address, BigInt(random.int(1, 1_000))])
}

/** Sends the call if the chain would accept it. `beaten`: a claim relayed by the API was mined first. */
async function attempt(world: World, { action, account, to, data }: Call): Promise<Step> {
  const wouldBeMined = await unlessRefused(world.node.call({ account, to, data, blockTag: 'pending' }))
  if (!wouldBeMined) return { action, outcome: 'refused' }
  // The node simulates the call once more, to estimate its gas.
  const hash = await unlessRefused(world.node.sendTransaction({ account, to, data }))
  if (!hash) return { action, outcome: 'beaten' }
  const { status } = await world.node.waitForTransactionReceipt({ hash })
  return { action, outcome: status === 'success' ? 'mined' : 'beaten', hash }
}

/** @returns undefined if a contract refuses. */
export async function unlessRefused<T>(sending: Promise<T>): Promise<T | undefined> {
  try {
    return await sending
  } catch (error) {
    if (error instanceof BaseError && error.walk((cause) => 'data' in (cause as object))) return undefined
    throw error
  }
}

/** Moves the chain's clock forward, often to a time limit of a live bounty or a second before or after it. */
const travel = (world: World, random: Random): Promise<Step> =>
  world.mining.paused(async () => {
    const { timestamp } = await world.node.getBlock()
    const bounty = random.chance(0.4) ? await pickBounty(world, random, LIVE) : undefined
    const boundary = bounty ? boundaryOf(bounty) : undefined
    const target =
      boundary && boundary > timestamp
        ? boundary + BigInt(random.int(-1, 1))
        : timestamp + BigInt(random.pick([1, 60, 3_600, 6 * 3_600, 86_400]))
    if (target > timestamp) {
      await world.node.setNextBlockTimestamp({ timestamp: target })
      await world.node.mine({ blocks: 1 })
    }
    return { action: 'travel', outcome: 'mined' }
  })

/** The bounty's next time limit: its deadline while OPEN, else a week after the current wait began. */
function boundaryOf({ state, deadline, since }: { state: number; deadline: number; since: number }) {
  return state === OPEN ? BigInt(deadline) : since === 0 ? undefined : BigInt(since) + WEEK
}
