import { LIVE, OPEN, pickBounty } from './parties.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

const WEEK = 7n * 86_400n

/** Moves the chain's clock forward, often to a time limit of a live bounty or a second before or after it. */
export async function travel(world: World, random: Random): Promise<string> {
  const { timestamp } = await world.node.getBlock()
  const bounty = random.chance(0.4) ? await pickBounty(world, random, LIVE) : undefined
  const boundary = bounty ? boundaryOf(bounty) : undefined
  const target =
    boundary && boundary > timestamp
      ? boundary + BigInt(random.int(-1, 1))
      : timestamp + BigInt(random.pick([1, 60, 3_600, 6 * 3_600, 86_400]))
  if (target <= timestamp) return 'travel'
  await world.node.setNextBlockTimestamp({ timestamp: target })
  await world.node.mine({ blocks: 1 })
  return 'travel'
}

/** The bounty's next time limit: its deadline while OPEN, else a week after the current wait began. */
function boundaryOf({ state, deadline, since }: { state: number; deadline: number; since: number }) {
  return state === OPEN ? BigInt(deadline) : since === 0 ? undefined : BigInt(since) + WEEK
}
