import { type Call, callOf } from './call.ts'
import { accountOf, LIVE, pickBounty } from './parties.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

const cid = (random: Random) => `ipfs://Qm${random.int(0, 2 ** 30).toString(36)}${random.int(0, 2 ** 30).toString(36)}`

/** Rewards around the point where the lock reaches its ceiling, at both ends, and everyday ones. */
const rewards = [10_000n, 9_999n, 199_990_000n, 200_000_000n, 200_010_000n, 50_000_000n, 100_000_000n, 100_000_001n]

type Bounty = NonNullable<Awaited<ReturnType<typeof pickBounty>>>

/** A new bounty, or a move of a party of an existing one; now and then by somebody who may not. */
export async function proposeForBounty(world: World, random: Random): Promise<Call | undefined> {
  const bounty = random.chance(0.2) ? undefined : await pickBounty(world, random, random.chance(0.8) ? LIVE : [])
  if (!bounty) return post(world, random)
  const action = random.chance(0.9) ? random.pick(movesFrom(bounty.state)) : random.pick(allMoves)
  const rightful = accountOf(world, actsAsPoster.has(action) ? bounty.poster : bounty.wallet)
  const account = rightful && random.chance(0.93) ? rightful : random.pick(world.everyone)
  return move(world, random, account, action, bounty)
}

async function post(world: World, random: Random): Promise<Call> {
  const { timestamp } = await world.node.getBlock()
  const lifetime = random.pick([60, 20 * 86_400, 50 * 86_400, 100 * 86_400])
  const action = random.chance(0.75) ? 'postBounty' : 'createBounty'
  const args = [cid(random), random.pick(rewards), timestamp + BigInt(lifetime)] as const
  return callOf(random.pick(world.posters), world.contracts.market, action, args)
}

const allMoves = [
  'fundBounty',
  'withdrawBounty',
  'startWork',
  'submitWork',
  'requestRevision',
  'approveWork',
  'rejectWork',
  'finalizeReview',
  'slashExpired',
  'slashAndWithdraw',
] as const

type Move = (typeof allMoves)[number]

const actsAsPoster = new Set<Move>([
  'fundBounty',
  'withdrawBounty',
  'requestRevision',
  'approveWork',
  'rejectWork',
  'slashExpired',
  'slashAndWithdraw',
])

/** What may be tried in a state, by the order of the contract's enum. */
function movesFrom(state: number): readonly Move[] {
  const working: readonly Move[] = ['submitWork', 'submitWork', 'slashExpired', 'slashAndWithdraw']
  const moves: Record<number, readonly Move[]> = {
    1: ['fundBounty'],
    2: ['withdrawBounty'],
    3: ['startWork', ...working],
    4: working,
    5: ['approveWork', 'approveWork', 'requestRevision', 'requestRevision', 'rejectWork', 'finalizeReview'],
    7: working,
  }
  return moves[state] ?? allMoves
}

function move(world: World, random: Random, account: Call['account'], action: Move, { bountyId }: Bounty): Call {
  const { market } = world.contracts
  if (action === 'submitWork' || action === 'requestRevision') {
    return callOf(account, market, action, [bountyId, cid(random)])
  }
  return callOf(account, market, action, [bountyId])
}
