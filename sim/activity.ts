import { BaseError, type Hex } from 'viem'
import type { Call } from '../devnet/call.ts'
import { proposeForAgent } from './agentActions.ts'
import { proposeForBounty } from './bountyActions.ts'
import { proposeClaim } from './claimActions.ts'
import type { Random } from './random.ts'
import { travel } from './time.ts'
import type { World } from './world.ts'

/** One step and its outcome, for the simulation's report. */
export type Step = { action: string; outcome: 'mined' | 'beaten' | 'refused' | 'skipped'; hash?: Hex }

const kinds = { bounty: 50, claim: 25, agent: 20, time: 5 }

/**
 * Makes one random move on the market: mostly one that the party may make now, sometimes one that the contracts must
 * refuse. A call that would revert is not sent.
 */
export async function act(world: World, random: Random): Promise<Step> {
  const kind = random.weighted(kinds)
  if (kind === 'time') return { action: await travel(world, random), outcome: 'mined' }
  const call = await propose[kind](world, random)
  return call ? attempt(world, call) : { action: kind, outcome: 'skipped' }
}

const propose = { bounty: proposeForBounty, claim: proposeClaim, agent: proposeForAgent }

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
async function unlessRefused<T>(sending: Promise<T>): Promise<T | undefined> {
  try {
    return await sending
  } catch (error) {
    if (error instanceof BaseError && error.walk((cause) => 'data' in (cause as object))) return undefined
    throw error
  }
}
