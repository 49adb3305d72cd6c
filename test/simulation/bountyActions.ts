import { type Address, isAddressEqual, zeroAddress } from 'viem'
import type { PrivateKeyAccount } from 'viem/accounts'
import { type Call, callOf } from '../../tools/devnet/call.ts'
import { defaultTerms } from '../../tools/devnet/defaultTerms.ts'
import { accountOf, type PickedBounty as Bounty, claimantOf, LIVE, pickBounty, REVISION_REQUESTED } from './parties.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

const cid = (random: Random) => `ipfs://Qm${random.int(0, 2 ** 30).toString(36)}${random.int(0, 2 ** 30).toString(36)}`

/** Rewards around the one at which the lock reaches its maximum, at both limits, and common ones. */
const rewards = [10_000n, 9_999n, 199_990_000n, 200_000_000n, 200_010_000n, 50_000_000n, 100_000_000n, 100_000_001n]

/** A new bounty, or a call about an existing one; sometimes by a party that may not make it. */
export async function proposeForBounty(world: World, random: Random): Promise<Call | undefined> {
  const bounty = random.chance(0.2) ? undefined : await pickBounty(world, random, random.chance(0.8) ? LIVE : [])
  if (!bounty) return post(world, random)
  const { timestamp } = await world.node.getBlock()
  const action = random.chance(0.9) ? random.pick(movesFrom(bounty, Number(timestamp))) : random.pick(allMoves)
  const allowed = accountOf(world, partyOf(action, bounty))
  const account = allowed && random.chance(0.93) ? allowed : random.pick(world.everyone)
  return move(world, random, account, action, bounty)
}

async function post(world: World, random: Random): Promise<Call> {
  const { timestamp } = await world.node.getBlock()
  const lifetime = random.pick([60, 20 * 86_400, 50 * 86_400, 100 * 86_400])
  const action = random.weighted({ postBounty: 5, postBountyFor: 1, createBounty: 2 })
  const args = [cid(random), random.pick(rewards), timestamp + BigInt(lifetime), termsOf(world, random)] as const
  const payer = random.pick(world.posters)
  if (action !== 'postBountyFor') return callOf(payer, world.contracts.market, action, args)
  return callOf(payer, world.contracts.market, action, [random.pick(world.posters).address, ...args])
}

/** Half are the defaults. The market refuses some: a work period of 3,601 seconds, and a stake of 101 percent. */
function termsOf(world: World, random: Random) {
  if (random.chance(0.5)) return defaultTerms
  return {
    workPeriod: random.pick([0, 3_600, 86_400, 30 * 86_400, 3_601]),
    stakePercent: random.pick([0, 0, 1, 25, 100, 101]),
    evaluator: random.chance(0.5) ? random.pick(world.posters).address : zeroAddress,
    claimant: random.chance(0.4) ? claimantOf(world, random) : zeroAddress,
  }
}

const allMoves = [
  'fundBounty',
  'expireBounty',
  'closeBounty',
  'nameClaimant',
  'startWork',
  'submitWork',
  'abandonClaim',
  'requestRevision',
  'approveWork',
  'rejectWork',
  'rejectOverdue',
  'finalizeReview',
  'slashExpired',
] as const

type Move = (typeof allMoves)[number]

const posterMoves = new Set<Move>(['fundBounty', 'closeBounty', 'nameClaimant', 'approveWork', 'slashExpired'])
const evaluatorMoves = new Set<Move>(['requestRevision', 'rejectWork', 'rejectOverdue'])

/** The party that makes the move. Moves open to anyone are the agent's here: after the grace period most moves are. */
function partyOf(action: Move, { poster, evaluator, wallet }: Bounty): Address {
  if (posterMoves.has(action)) return poster
  if (evaluatorMoves.has(action)) return isAddressEqual(evaluator, zeroAddress) ? poster : evaluator
  return wallet
}

/** The moves to try in a state, numbered as in the contract's enum; for an overdue bounty, mostly its endings. */
function movesFrom({ state, since, deadline, workPeriod, claimant }: Bounty, now: number): readonly Move[] {
  if (state === 2 && now > deadline) return ['expireBounty']
  if (state === 7 && now > since + workPeriod) return ['rejectOverdue', 'rejectOverdue', 'submitWork', 'abandonClaim']
  if (state === 2 && claimant !== zeroAddress) return ['nameClaimant', 'nameClaimant', 'closeBounty']
  const endings: readonly Move[] = [
    'closeBounty',
    'closeBounty',
    'slashExpired',
    'slashExpired',
    'abandonClaim',
    'abandonClaim',
  ]
  const submits: readonly Move[] = ['submitWork', 'submitWork', 'submitWork']
  const approvals: readonly Move[] = ['approveWork', 'approveWork', 'approveWork']
  const reviews: readonly Move[] = ['requestRevision', 'requestRevision', 'requestRevision', 'rejectWork', 'rejectWork']
  const moves: Record<number, readonly Move[]> = {
    1: ['fundBounty'],
    2: ['closeBounty', 'expireBounty', 'expireBounty', 'expireBounty'],
    3: ['startWork', 'startWork', ...submits, ...endings],
    4: [...submits, ...endings],
    5: [...approvals, ...reviews, 'finalizeReview'],
    7: [...submits, 'approveWork', 'rejectOverdue', 'rejectOverdue', 'abandonClaim'],
  }
  return moves[state] ?? allMoves
}

/** The call of a move. Signatures of moves are sent through the API (actors.ts). */
function move(
  world: World,
  random: Random,
  account: PrivateKeyAccount,
  action: Move,
  { bountyId, state, revisions }: Bounty,
): Call {
  const { market } = world.contracts
  // Of the last delivery: in REVISION_REQUESTED, the contract has counted the request that followed it.
  const revision = state === REVISION_REQUESTED ? revisions - 1 : revisions
  switch (action) {
    case 'submitWork':
    case 'requestRevision':
      return callOf(account, market, action, [bountyId, cid(random)])
    case 'nameClaimant':
      return callOf(account, market, action, [bountyId, random.chance(0.1) ? zeroAddress : claimantOf(world, random)])
    case 'approveWork':
      return callOf(account, market, action, [bountyId, random.chance(0.95) ? revision : revision + 1])
    default:
      return callOf(account, market, action, [bountyId])
  }
}
