import { type Address, isAddressEqual, zeroAddress } from 'viem'
import type { PrivateKeyAccount } from 'viem/accounts'
import { defaultTerms } from '../devnet/defaultTerms.ts'
import { type Call, callOf } from './call.ts'
import { accountOf, LIVE, pickBounty } from './parties.ts'
import type { Random } from './random.ts'
import { startBySignature, submitBySignature } from './signedWork.ts'
import type { World } from './world.ts'

const cid = (random: Random) => `ipfs://Qm${random.int(0, 2 ** 30).toString(36)}${random.int(0, 2 ** 30).toString(36)}`

/** Rewards around the point where the lock reaches its ceiling, at both ends, and everyday ones. */
const rewards = [10_000n, 9_999n, 199_990_000n, 200_000_000n, 200_010_000n, 50_000_000n, 100_000_000n, 100_000_001n]

type Bounty = NonNullable<Awaited<ReturnType<typeof pickBounty>>>

/** A new bounty, or a move of a party of an existing one; now and then by a party that may not. */
export async function proposeForBounty(world: World, random: Random): Promise<Call | undefined> {
  const bounty = random.chance(0.2) ? undefined : await pickBounty(world, random, random.chance(0.8) ? LIVE : [])
  if (!bounty) return post(world, random)
  const action = random.chance(0.9) ? random.pick(movesFrom(bounty.state)) : random.pick(allMoves)
  const rightful = accountOf(world, partyOf(action, bounty))
  const account = rightful && random.chance(0.93) ? rightful : random.pick(world.everyone)
  return move(world, random, account, action, bounty)
}

async function post(world: World, random: Random): Promise<Call> {
  const { timestamp } = await world.node.getBlock()
  const lifetime = random.pick([60, 20 * 86_400, 50 * 86_400, 100 * 86_400])
  const action = random.chance(0.75) ? 'postBounty' : 'createBounty'
  const args = [cid(random), random.pick(rewards), timestamp + BigInt(lifetime), termsOf(world, random)] as const
  return callOf(random.pick(world.posters), world.contracts.market, action, args)
}

/** Half are the defaults. Some that the market refuses: an hour and a second, and more than the reward at risk. */
function termsOf(world: World, random: Random) {
  if (random.chance(0.5)) return defaultTerms
  return {
    workPeriod: random.pick([0, 3_600, 86_400, 30 * 86_400, 3_601]),
    stakePercent: random.pick([0, 0, 1, 25, 100, 101]),
    evaluator: random.chance(0.5) ? random.pick(world.posters).address : zeroAddress,
  }
}

const allMoves = [
  'fundBounty',
  'withdrawBounty',
  'expireBounty',
  'startWork',
  'startWorkWithSig',
  'submitWork',
  'submitWorkWithSig',
  'abandonClaim',
  'requestRevision',
  'approveWork',
  'rejectWork',
  'rejectOverdue',
  'finalizeReview',
  'slashExpired',
  'slashAndWithdraw',
] as const

type Move = (typeof allMoves)[number]

const posterMoves = new Set<Move>(['fundBounty', 'withdrawBounty', 'approveWork', 'slashExpired', 'slashAndWithdraw'])
const evaluatorMoves = new Set<Move>(['requestRevision', 'rejectWork', 'rejectOverdue'])

/** Whose move it is. What anyone may do is the agent's here: after a grace period most moves are. */
function partyOf(action: Move, { poster, evaluator, wallet }: Bounty): Address {
  if (posterMoves.has(action)) return poster
  if (evaluatorMoves.has(action)) return isAddressEqual(evaluator, zeroAddress) ? poster : evaluator
  return wallet
}

/** What may be tried in a state, by the order of the contract's enum. */
function movesFrom(state: number): readonly Move[] {
  const submits: readonly Move[] = ['submitWork', 'submitWork', 'submitWorkWithSig']
  const endings: readonly Move[] = ['slashExpired', 'slashAndWithdraw', 'abandonClaim']
  const moves: Record<number, readonly Move[]> = {
    1: ['fundBounty'],
    2: ['withdrawBounty', 'expireBounty'],
    3: ['startWork', 'startWorkWithSig', ...submits, ...endings],
    4: [...submits, ...endings],
    5: ['approveWork', 'approveWork', 'requestRevision', 'requestRevision', 'rejectWork', 'finalizeReview'],
    7: [...submits, 'rejectOverdue', 'rejectOverdue', 'abandonClaim'],
  }
  return moves[state] ?? allMoves
}

async function move(
  world: World,
  random: Random,
  account: PrivateKeyAccount,
  action: Move,
  bounty: Bounty,
): Promise<Call> {
  const { market } = world.contracts
  const { bountyId } = bounty
  switch (action) {
    case 'submitWork':
    case 'requestRevision':
      return callOf(account, market, action, [bountyId, cid(random)])
    case 'startWorkWithSig':
      return startBySignature(world, random, account, bounty)
    case 'submitWorkWithSig':
      return submitBySignature(world, random, account, bounty, cid(random))
    default:
      return callOf(account, market, action, [bountyId])
  }
}
