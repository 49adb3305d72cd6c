import { setTimeout as sleep } from 'node:timers/promises'
import { type Hex, isAddressEqual } from 'viem'
import { createBatcher } from '../../core/batcher.ts'
import { Refusal, type RefusalCode, unavailable } from '../refusal.ts'
import { type Bounty, type ClaimRequest, type Failure, type NamedClaim, readBounty } from './chain/market.ts'
import type { ClaimContext, ClaimsContext } from './context.ts'
import type { ClaimOutcome } from './events.ts'
import type { Examine } from './intake/examine.ts'
import { claimPending, keyConflict, pendingWithOtherBody, refusal, signatureRequired } from './intake/refusal.ts'
import type { Dispatcher, Placement } from './queue/dispatcher.ts'
import { createRunClaims, type RunClaims } from './queue/runClaims.ts'
import { outcomeOf, type Results } from './results/results.ts'
import { isAboutRun } from './simulation/simulate.ts'
import { createRunStep } from './steps.ts'
import {
  type Binding,
  bindKey,
  bodyHashOf,
  claimsById,
  nameOf,
  openClaimsOf,
  openClaimsOfAgent,
  type StoredClaim,
  unbindKey,
} from './store/claims.ts'
import { createLookUp, refusalOfLimits, type Stored } from './store/lookUp.ts'

/** `closing` aborts when the relay stops accepting claims. */
type Rooms = { examine: Examine; dispatcher: Dispatcher; results: Results; closing: AbortSignal }

/** Takes a claim from its request to its outcome. */
export function createClaimFlow(context: ClaimsContext, { examine, dispatcher, results, closing }: Rooms) {
  const { pool, market, heads, walletLimits, indexedClaims, signersFor, interval, events } = context
  const runClaims = createRunClaims()
  const runStep = createRunStep(events)
  const openClaims = createBatcher((bountyIds: readonly bigint[]) => openClaimsOf(pool, bountyIds))
  const lookUp = createLookUp(pool, walletLimits)

  /**
   * The cheapest checks come first: stored claims, limits, the run’s pending claim. Then come the chain and the
   * signature, and then the queue, which only authenticated claims enter.
   */
  async function claim(request: ClaimRequest, asked: ClaimContext, run: RunClaims): Promise<ClaimOutcome> {
    const { until, key } = asked
    const known = await runStep('look up', [request], () => lookUp({ request, key }))
    const bound = await followBinding(request, asked, known)
    if (bound) return bound
    if (!known.isRepeat) {
      asked.countNew()
      const limited = refusalOfLimits(request, known, walletLimits)
      if (limited) throw limited
    }
    let obstacle: Placement | undefined
    // A refusal uses only what was read from the chain after this time.
    let since = performance.now()
    const lookAgain = () => {
      heads.expire()
      since = performance.now()
    }
    const decided = (other: StoredClaim) =>
      runStep('wait for another claim', [request], () => results.decisionOf(other, until)).then(lookAgain)
    do {
      if (closing.aborted) throw unavailable('The server is shutting down.')
      if (asked.gone.aborted) throw unavailable('The client has disconnected.')
      const { stored } = run
      const open = await openClaims(request.bountyId)
      const [rival] = open
      const own = open.find((one) => isSameClaimant(one.request, request))
      if (own && own.bodyHash === bodyHashOf(request)) {
        await bind(request, key, { claimId: own.claimId, round: own.round })
        return follow({ ...nameOf(own), request }, until)
      }
      if (rival && !own) {
        await decided(rival)
        continue
      }
      // Read before the run is: if a block changes the run in between, `heads.after` returns at once.
      const head = await heads.latest()
      const rivals = {
        exist: () => run.count > 1,
        haveOvertaken: () => run.placing !== undefined || run.stored !== stored,
      }
      const examined = await runStep('examine', [request], () => examine(request, asked, since, rivals))
      if ('overtaken' in examined) {
        obstacle = { status: 'left', blocker: undefined }
        await run.whilePlacing(until)
        continue
      }
      if ('currentClaim' in examined) {
        const [relayed] = await claimsById(pool, [examined.currentClaim.claimId])
        await bind(request, key, examined.currentClaim)
        return { ...examined.currentClaim, status: 'won', ...(relayed?.txHash && { txHash: relayed.txHash }) }
      }
      if ('undecided' in examined) {
        obstacle = { status: 'undecided', failure: examined.undecided }
        await heads.after(head, until)
        continue
      }
      if (own) {
        if (key === undefined && !(await isLanded(own))) throw pendingWithOtherBody(own)
        await decided(own)
        continue
      }
      const placed = await place(request, asked, run)
      if (placed.status === 'placed') {
        run.stored++
        const { hash } = placed.allocated.attempt
        const followPlaced = () => results.followPlaced(placed.claim, hash, until)
        const outcome = runStep('wait for the result', [request], followPlaced, hash)
        return dispatcher.countInFlight(outcome)
      }
      if (placed.status === 'rival' && key !== undefined) {
        // Another request may have bound the key while this claim waited.
        const boundNow = await followBinding(request, asked, await lookUp({ request, key }))
        if (boundNow) return boundNow
      }
      if (placed.status === 'fails') {
        const { failure, bounty } = placed
        if (!isAboutRun(failure)) throw await refuse(request, failure, bounty)
        lookAgain()
      }
      obstacle = placed
      if (placed.status === 'undecided') await heads.after(head, until)
      if (placed.status === 'locked') await whileLocked(request, until)
    } while (!until.aborted)
    return giveUp(request, obstacle)
  }

  const follow = (claim: NamedClaim, until: AbortSignal) =>
    runStep('wait for the result', [claim.request], () => results.follow(claim, until))

  /** The outcome of the claim to which the idempotency key is bound. @throws Refusal IDEMPOTENCY_CONFLICT */
  async function followBinding(request: ClaimRequest, { key, until }: ClaimContext, { binding }: Stored) {
    if (!binding || key === undefined) return undefined
    const { claimId, round, blockNumber } = binding
    if (binding.bodyHash !== bodyHashOf(request)) throw keyConflict(key)
    if (binding.isRelayed) return follow({ claimId, round, request }, until)
    // The wallet made the claim without the relay. It is valid unless a reorg removed it.
    const bounty = await readBounty(market, request.bountyId)
    if (BigInt(bounty.round) >= round && blockNumber !== null)
      return { claimId, round, status: 'won', blockNumber } as const
    await unbindKey(pool, request, key)
    return undefined
  }

  /** Binds the idempotency key to the claim. @throws Refusal IDEMPOTENCY_CONFLICT */
  async function bind(request: ClaimRequest, key: string | undefined, claim: Omit<Binding, 'key' | 'request'>) {
    if (key === undefined) return
    const bodyHash = await bindKey(pool, { key, request, ...claim })
    if (bodyHash !== bodyHashOf(request)) throw keyConflict(key)
  }

  /** Whether the chain has a claim of this round or a later one, which the keeper may not have stored yet. */
  const isLanded = async ({ request, round }: StoredClaim) =>
    BigInt((await readBounty(market, request.bountyId)).round) >= round

  async function place(request: ClaimRequest, asked: ClaimContext, run: RunClaims): Promise<Placement> {
    const { client, gone, until, key } = asked
    const isContended = run.count > 1 || dispatcher.isLong()
    const isAdvised = !indexedClaims || !isContended || (await indexedClaims.isEligible(request))
    const signers = await signersFor(request)
    if (signers.length === 0) return { status: 'stale' }
    const placement = dispatcher.place({ request, client, gone, until, key, isAdvised, signers })
    if (isAdvised) run.startPlacing(placement)
    return placement
  }

  /** Waits until one of the agent’s pending claims is decided, because that changes its unlocked stake. */
  async function whileLocked({ agentId }: ClaimRequest, until: AbortSignal) {
    const [other] = await openClaimsOfAgent(pool, agentId)
    if (other) await results.decisionOf(other, until)
    else await sleep(interval)
  }

  async function refuse(request: ClaimRequest, failure: Failure, bounty: Bounty): Promise<Refusal> {
    // The signer may not make unsigned claims, so the claim needs a signature.
    if (failure.error?.errorName !== 'NotRelayer') return refusal(failure, bounty)
    const { timestamp } = await heads.latest()
    return signatureRequired(market, request, bounty, timestamp)
  }

  /** The request timed out before its claim was sent. @param obstacle what the claim waited for last. */
  async function giveUp(request: ClaimRequest, obstacle: Placement | undefined): Promise<ClaimOutcome> {
    const open = await openClaims(request.bountyId)
    const own = open.find((one) => isSameClaimant(one.request, request))
    if (own && own.bodyHash === bodyHashOf(request)) return outcomeOf(own)
    const [rival] = open
    if (rival) throw claimPending(rival)
    if (obstacle && 'failure' in obstacle && obstacle.failure) {
      throw refusal(obstacle.failure, await readBounty(market, request.bountyId))
    }
    if (obstacle?.status === 'locked')
      throw unavailable(`Other claims of agent ${request.agentId} are not decided yet.`)
    if (obstacle?.status === 'left') {
      const isStuck = obstacle.blocker === 'stuck'
      throw unavailable(isStuck ? 'The chain’s node does not take transactions.' : 'The claim queue is too long.')
    }
    throw unavailable('A transaction that is not mined yet decides about this claim.')
  }

  /** Emits events for the request and its answer. */
  async function observedClaim(request: ClaimRequest, asked: ClaimContext): Promise<ClaimOutcome> {
    const start = performance.now()
    const emitAnswer = (outcome: ClaimOutcome['status'] | RefusalCode | 'INTERNAL', claimId?: Hex) => {
      const milliseconds = performance.now() - start
      events.emit('claimAnswered', { request, outcome, milliseconds, ...(claimId && { claimId }) })
    }
    events.emit('claimReceived', { request })
    try {
      const outcome = await runClaims.among(request.bountyId, (run) => claim(request, asked, run))
      emitAnswer(outcome.status, outcome.claimId)
      return outcome
    } catch (error) {
      emitAnswer(error instanceof Refusal ? error.code : 'INTERNAL')
      throw error
    }
  }

  return { claim: observedClaim, waitUnread: runClaims.waitUnread }
}

const isSameClaimant = (left: ClaimRequest, right: ClaimRequest) =>
  left.agentId === right.agentId && isAddressEqual(left.wallet, right.wallet)
