import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Hash } from 'viem'
import type { Problem } from '../errors.ts'
import { together } from '../together.ts'
import type { Failure } from './chain/calls.ts'
import { unavailable } from './chain/client.ts'
import type { Heads } from './chain/heads.ts'
import { type ClaimRequest, type Market, readBounty } from './chain/market.ts'
import type { Examine } from './intake/examine.ts'
import { isSameClaimant, keyConflict, pendingWithOtherBody } from './intake/idempotency.ts'
import { claimPending, refusal, signatureRequired } from './intake/refusal.ts'
import type { Dispatcher, Placement } from './queue/dispatcher.ts'
import { createRunClaims, type RunClaims } from './queue/runClaims.ts'
import type { ClaimContext, ClaimOutcome, IndexedClaims } from './relay.ts'
import { outcomeOf } from './results/decisions.ts'
import type { Follow } from './results/follow.ts'
import type { Watch } from './results/watch.ts'
import { isAboutRun } from './simulation/simulate.ts'
import {
  bindKey,
  bodyHashOf,
  claimsById,
  openClaimsOf,
  openClaimsOfAgent,
  type StoredClaim,
  unbindKey,
} from './store/claims.ts'
import { problemOfLimits, type Stored, type WalletLimits } from './store/lookUp.ts'
import type { Signer } from './submission/signing.ts'

type Options = {
  pool: pg.Pool
  market: Market
  heads: Heads
  dispatcher: Dispatcher
  examine: Examine
  lookUp: (asked: { request: ClaimRequest; key: string | undefined }) => Promise<Stored>
  walletLimits: WalletLimits
  /** Claims as the keepers decide them. */
  decisions: Pick<Watch<StoredClaim>, 'until'>
  follow: Follow['follow']
  followPlaced: Follow['followPlaced']
  /** The index’s advice whether a claim is eligible; absent likewise. */
  isEligible: IndexedClaims['isEligible'] | undefined
  /** The signers that can make the claim; none where it needs a signature that it lacks. */
  signersFor: (request: ClaimRequest) => Promise<Signer[]>
  isClosing: () => boolean
  /** How soon an obstacle is looked at again, in milliseconds. */
  interval: number
}

/** What a claim waits for: the answer if the request’s time ends first. */
type Obstacle = { failure?: Failure | undefined; placement?: Placement | undefined }

/** Takes a claim from its request to its outcome. */
export function createClaimFlow(options: Options) {
  const { pool, market, heads, dispatcher, examine, decisions, follow, isEligible, signersFor, isClosing, interval } =
    options
  const withRun = createRunClaims()
  const openClaims = together((bountyIds: readonly bigint[]) => openClaimsOf(pool, bountyIds))

  /**
   * First what costs least: what is stored, the limits, the run’s pending claim; then the chain and the signature; then
   * the queue, in which only authenticated claims meet.
   */
  async function claim(request: ClaimRequest, context: ClaimContext, run: RunClaims): Promise<ClaimOutcome> {
    const { until, key } = context
    const known = await options.lookUp({ request, key })
    const bound = await followBinding(request, context, known)
    if (bound) return bound
    if (!known.isRepeat) {
      context.countNew()
      const limited = problemOfLimits(request, known, options.walletLimits)
      if (limited) throw limited
    }
    const obstacle: Obstacle = {}
    // A refusal rests on what the chain says after this moment.
    let since = performance.now()
    const lookAgain = () => {
      heads.expire()
      since = performance.now()
    }
    const decided = (other: StoredClaim) => decisions.until(other, until).then(lookAgain)
    do {
      if (isClosing()) throw unavailable('The server is shutting down.')
      if (context.gone.aborted) throw unavailable('The client has disconnected.')
      await run.placing
      const { stored } = run
      const open = await openClaims(request.bountyId)
      const [rival] = open
      const own = open.find((one) => isSameClaimant(one.request, request))
      if (own?.bodyHash === bodyHashOf(request)) return followStored(own, request, context)
      if (rival && !own) {
        await decided(rival)
        continue
      }
      // Before the chain is read: a block that changes it meanwhile ends the wait for the next one.
      const head = await heads.latest()
      const examined = await examine(request, context, since, {
        exist: () => run.count > 1,
        haveOvertaken: () => run.placing !== undefined || run.stored !== stored,
      })
      if ('overtaken' in examined) continue
      if ('held' in examined) return bind(request, context, await heldOutcome(examined.held))
      if ('undecided' in examined) {
        obstacle.failure = examined.undecided
        await heads.after(head, until)
        continue
      }
      if (own) {
        if (key === undefined && !(await isLanded(own))) throw pendingWithOtherBody(own)
        await decided(own)
        continue
      }
      const placed = await place(request, context, run)
      if (placed.status === 'placed') {
        run.stored++
        return dispatcher.countInFlight(options.followPlaced(placed.claim, placed.allocated.attempt.hash, until))
      }
      if (placed.status === 'rival' && key !== undefined) {
        // The key may have been bound while this claim waited.
        const boundNow = await followBinding(request, context, await options.lookUp({ request, key }))
        if (boundNow) return boundNow
      }
      if (placed.status === 'fails') {
        const { failure, bounty } = placed
        if (!isAboutRun(failure)) throw await refuse(request, failure, bounty)
        lookAgain()
      }
      obstacle.placement = placed
      obstacle.failure = 'failure' in placed ? placed.failure : undefined
      if (placed.status === 'undecided') await heads.after(head, until)
      if (placed.status === 'locked') await whileLocked(request, until)
    } while (!until.aborted)
    return giveUp(request, obstacle)
  }

  /** The outcome of the claim that the request’s key is bound to. @throws Problem IDEMPOTENCY_CONFLICT */
  async function followBinding(request: ClaimRequest, { key, until }: ClaimContext, { binding }: Stored) {
    if (!binding || key === undefined) return undefined
    const { claimId, round, blockNumber } = binding
    if (binding.bodyHash !== bodyHashOf(request)) throw keyConflict(key)
    if (binding.isRelayed) return follow({ claimId, round, request }, until)
    // The wallet made the claim by itself. It stands unless a reorg undid it.
    const bounty = await readBounty(market, request.bountyId)
    if (BigInt(bounty.round) >= round && blockNumber !== null)
      return { claimId, round, status: 'won', blockNumber } as const
    await unbindKey(pool, request, key)
    return undefined
  }

  async function followStored({ claimId, round }: StoredClaim, request: ClaimRequest, context: ClaimContext) {
    await bind(request, context, { claimId, round })
    return follow({ claimId, round, request }, context.until)
  }

  /** Binds the request’s key to the claim that it gets. @throws Problem IDEMPOTENCY_CONFLICT */
  async function bind<T extends Pick<ClaimOutcome, 'claimId' | 'round'> & { blockNumber?: bigint }>(
    request: ClaimRequest,
    { key }: ClaimContext,
    outcome: T,
  ): Promise<T> {
    if (key === undefined) return outcome
    const { claimId, round, blockNumber } = outcome
    const bodyHash = await bindKey(pool, { key, request, claimId, round, blockNumber })
    if (bodyHash !== bodyHashOf(request)) throw keyConflict(key)
    return outcome
  }

  async function heldOutcome({ claimId, round, blockNumber }: { claimId: Hash; round: bigint; blockNumber: bigint }) {
    const [relayed] = await claimsById(pool, [claimId])
    const { txHash } = relayed ?? {}
    return { claimId, round, status: 'won', blockNumber, ...(txHash && { txHash }) } as const
  }

  /** Whether the chain has a claim of this round, or of a later one: the keeper may not know yet. */
  const isLanded = async ({ request, round }: StoredClaim) =>
    BigInt((await readBounty(market, request.bountyId)).round) >= round

  async function place(request: ClaimRequest, context: ClaimContext, run: RunClaims): Promise<Placement> {
    const { key, until } = context
    const isContended = run.count > 1 || dispatcher.isLong()
    const isAdvised = !isEligible || !isContended || (await isEligible(request))
    const signers = await signersFor(request)
    if (signers.length === 0) return { status: 'stale' }
    const placement = dispatcher.place({ request, key, sender: context, until, isAdvised, signers })
    if (isAdvised && !run.placing) {
      const end = () => {
        run.placing = undefined
      }
      run.placing = placement.then(end, end)
    }
    return placement
  }

  /** The agent’s free stake is known again once one of its pending claims is decided. */
  async function whileLocked({ agentId }: ClaimRequest, until: AbortSignal) {
    const [other] = await openClaimsOfAgent(pool, agentId)
    if (other) await decisions.until(other, until)
    else await sleep(interval)
  }

  async function refuse(
    request: ClaimRequest,
    failure: Failure,
    bounty: Parameters<typeof refusal>[2],
  ): Promise<Problem> {
    // The signer that would have sent it is no relayer.
    const needsSignature = failure.error?.errorName === 'NotRelayer'
    if (!needsSignature) return refusal(request, failure, bounty)
    const { timestamp } = await heads.latest()
    return signatureRequired(market, request, bounty, timestamp)
  }

  /** The request’s time ended before its claim could be sent. */
  async function giveUp(request: ClaimRequest, { failure, placement }: Obstacle): Promise<ClaimOutcome> {
    const open = await openClaims(request.bountyId)
    const own = open.find((one) => isSameClaimant(one.request, request))
    if (own?.bodyHash === bodyHashOf(request)) return outcomeOf(own)
    const [rival] = open
    if (rival) throw claimPending(rival)
    if (failure) throw refusal(request, failure, await readBounty(market, request.bountyId))
    if (placement?.status === 'locked')
      throw unavailable(`Other claims of agent ${request.agentId} are not decided yet.`)
    if (placement?.status === 'left' && placement.blocker === 'stuck') {
      throw unavailable('The chain’s node does not take transactions.')
    }
    if (placement?.status === 'left') throw unavailable('The claim queue is too long.')
    throw unavailable('A transaction that is not mined yet decides about this claim.')
  }

  return (request: ClaimRequest, context: ClaimContext) =>
    withRun(request.bountyId, (run) => claim(request, context, run))
}
