import { BaseError, type Hex } from 'viem'
import { proposeForAgent } from './agentActions.ts'
import { proposeForBounty } from './bountyActions.ts'
import type { Call } from './call.ts'
import { proposeClaim } from './claimActions.ts'
import type { Random } from './random.ts'
import { travel } from './time.ts'
import type { World } from './world.ts'

/** What became of one step, for the simulation's report. */
export type Step = { action: string; outcome: 'mined' | 'beaten' | 'refused' | 'skipped'; hash?: Hex }

const kinds = { bounty: 50, claim: 25, agent: 20, time: 5 }

/**
 * Does one random thing on the market: mostly something that a party may do now, at times something that the
 * contracts must refuse. What would revert is not sent.
 */
export async function act(world: World, random: Random): Promise<Step> {
  const kind = random.weighted(kinds)
  if (kind === 'time') return { action: await travel(world, random), outcome: 'mined' }
  const call = await propose[kind](world, random)
  return call ? attempt(world, call) : { action: kind, outcome: 'skipped' }
}

const propose = { bounty: proposeForBounty, claim: proposeClaim, agent: proposeForAgent }

/** Sends the call if the chain would take it. A claim that the API relays may come first: then it is beaten. */
async function attempt(world: World, { action, account, to, data }: Call): Promise<Step> {
  const wouldBeMined = await unlessRefused(world.node.call({ account, to, data, blockTag: 'pending' }))
  if (!wouldBeMined) return { action, outcome: 'refused' }
  // The node tries it once more, to find how much gas it takes.
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
