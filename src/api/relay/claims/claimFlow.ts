import { setTimeout as sleep } from 'node:timers/promises'
import { type Hex, isAddressEqual } from 'viem'
import { createBatcher } from '../../../../core/batcher.ts'
import type { ChainHead } from '../chain/heads.ts'
import { type Bounty, type Failure, readBounty } from '../chain/market.ts'
import { type ClaimOutcome, createRunStep } from '../events.ts'
import { refusalOfLimits } from '../ledger/limits.ts'
import { Refusal, type RefusalCode, unavailable } from '../refusal.ts'
import type { ClaimRequest } from './chain/market.ts'
import type { ClaimContext, ClaimsContext } from './context.ts'
import type { Examine, ExaminedClaim, Good, Look } from './intake/examine.ts'
import { claimPending, refusal, signatureRequired } from './intake/refusal.ts'
import {
  type Followed,
  nextStep,
  type Open,
  type StoredRequest,
  stepAfter,
  type Unplaced,
  type Wait,
} from './nextStep.ts'
import type { Dispatcher, Placement } from './queue/dispatcher.ts'
import { createRunClaims, type RunClaims } from './queue/runClaims.ts'
import { outcomeOf, type Results } from './results.ts'
import { createBudgetCheck } from './store/budget.ts'
import { openClaimsOf, openClaimsOfAgent, type StoredClaim, standingClaimOf } from './store/claims.ts'
import { createLookUp, type Stored } from './store/lookUp.ts'

/** `closing` aborts when the relay stops accepting claims. */
type Rooms = { examine: Examine; dispatcher: Dispatcher; results: Results; closing: AbortSignal }

/** Takes a claim from its request to its outcome. */
export function createClaimFlow(context: ClaimsContext, { examine, dispatcher, results, closing }: Rooms) {
  const { pool, market, heads, walletLimits, signersFor, interval, events } = context
  const runClaims = createRunClaims()
  const budget = createBudgetCheck(context)
  const runStep = createRunStep(events)
  const openClaims = createBatcher((bountyIds: readonly bigint[]) => openClaimsOf(pool, bountyIds))
  const lookUp = createLookUp(pool, walletLimits)

  /** Carries out what `nextStep` decides, until the claim has an outcome or its request times out. */
  async function claim(request: ClaimRequest, asked: ClaimContext, run: RunClaims): Promise<ClaimOutcome> {
    const { until, key } = asked
    // Read while the database is: its examination needs the head. If this fails, that reads it again.
    heads.latest().catch(() => undefined)
    let known = await know(request, asked)
    let obstacle: Unplaced | undefined
    /** The open claim of the same agent and wallet, once the request was found to be theirs. */
    let awaited: Hex | undefined
    /** A refusal uses only what the chain has been since. After another claim's decision, an older state would mislead. */
    let look = { since: performance.now(), isFresh: false }

    async function wait(wait: Wait, head: ChainHead | undefined) {
      if (wait.for === 'decision') await decision(request, wait.of, until)
      if (wait.for === 'placing') await run.whilePlacing(until)
      if (wait.for === 'block' && head) await heads.after(head, until)
      if (wait.for === 'agent') await whileLocked(request, until)
      if (wait.for === 'binding' && key !== undefined) {
        known = { ...known, bound: boundTo(await lookUp({ request, key })) }
      }
      if (wait.for === 'decision' || wait.for === 'reread') {
        heads.expire()
        look = { since: performance.now(), isFresh: true }
      }
    }

    do {
      if (closing.aborted) throw unavailable('The server is shutting down.')
      if (asked.gone.aborted) throw unavailable('The client has disconnected.')
      const { placed } = run
      const open = await openOf(request)
      let step = nextStep(known, open)
      // Read before the run is: if a block changes the run in between, `heads.after` returns at once.
      const head = step.do === 'examine' ? await heads.latest() : undefined
      if (step.do === 'examine') step = nextStep(known, open, await judge(request, asked, { run, placed, look }))
      if (step.do === 'place') step = stepAfter(await place(request, asked, run, step.good))
      if (step.do === 'follow') return follow(request, asked, step)
      if (step.do === 'refuse') throw 'refusal' in step ? step.refusal : await refusalOf(request, step)
      if (step.do !== 'wait') throw new Error(`The step ${step.do} of a claim has no result`)
      if ('obstacle' in step) obstacle = step.obstacle
      else if (step.of === open.own) awaited = step.of.claimId
      await wait(step, head)
    } while (!until.aborted)
    return giveUp(request, obstacle, awaited)
  }

  /** What is stored about the request. */
  async function know(request: ClaimRequest, { key }: ClaimContext): Promise<StoredRequest> {
    const stored = await runStep('look up', [request], () => lookUp({ request, key }))
    return {
      key,
      bound: boundTo(stored),
      limit: refusalOfLimits(request.wallet, request.agentId, stored, walletLimits),
    }
  }

  async function openOf(request: ClaimRequest): Promise<Open> {
    const open = await openClaims(request.bountyId)
    const own = open.find((one) => isSameClaimant(one.request, request))
    return { own, isRepeat: own !== undefined && isSameWord(own.request, request), rival: open[0] }
  }

  /** @param placed how many claims of the run this process had placed when the stored ones were read. */
  async function judge(
    request: ClaimRequest,
    asked: ClaimContext,
    { run, placed, look }: { run: RunClaims; placed: number; look: Look },
  ): Promise<ExaminedClaim> {
    const rivals = {
      exist: () => run.count > 1,
      haveOvertaken: () => run.placing !== undefined || run.placed !== placed,
    }
    return runStep('examine', [request], () => examine(request, asked, look, rivals))
  }

  async function place(
    request: ClaimRequest,
    asked: ClaimContext,
    run: RunClaims,
    { runsWalletCode, poster }: Good,
  ): Promise<Placement> {
    const { client, gone, until, key } = asked
    const signers = await signersFor(request)
    if (signers.length === 0) return { status: 'stale' }
    try {
      await budget.assertCovered({ request, runsWalletCode, poster })
      const placing = dispatcher.place({ request, client, gone, until, key, runsWalletCode, signers })
      run.startPlacing(placing)
      const placement = await placing
      if (placement.status === 'placed') run.placed++
      return placement
    } catch (error) {
      budget.note(error)
      throw error
    }
  }

  async function follow(
    request: ClaimRequest,
    { until }: ClaimContext,
    { claim, wonAt, txHash }: Followed,
  ): Promise<ClaimOutcome> {
    if (wonAt !== undefined) {
      const { claimId = claim.claimId, txHash } = (await standingClaimOf(pool, request, claim.round)) ?? {}
      return { ...claim, claimId, status: 'won', blockNumber: wonAt, ...(txHash && { txHash }) }
    }
    const named = { ...claim, request }
    const waiting = () => (txHash ? results.followPlaced(named, txHash, until) : results.follow(named, until))
    const outcome = runStep('wait for the result', [request], waiting, txHash)
    return txHash ? dispatcher.countInFlight(outcome) : outcome
  }

  const decision = (request: ClaimRequest, other: StoredClaim, until: AbortSignal) =>
    runStep('wait for another claim', [request], () => results.decisionOf(other, until))

  /** Waits until one of the agent’s pending claims is decided, because that changes its unlocked stake. */
  async function whileLocked({ agentId }: ClaimRequest, until: AbortSignal) {
    const [other] = await openClaimsOfAgent(pool, agentId)
    if (other) await results.decisionOf(other, until)
    else await sleep(interval)
  }

  async function refusalOf(request: ClaimRequest, { failure, bounty }: { failure: Failure; bounty: Bounty }) {
    // The signer may not make unsigned claims, so the claim needs a signature.
    if (failure.error?.errorName !== 'NotRelayer') return refusal(failure, bounty)
    const { timestamp } = await heads.latest()
    return signatureRequired(market, request, bounty, timestamp)
  }

  /** The request timed out before its claim was sent. @param obstacle what the claim waited for last. */
  async function giveUp(
    request: ClaimRequest,
    obstacle: Unplaced | undefined,
    awaited: Hex | undefined,
  ): Promise<ClaimOutcome> {
    const { own, isRepeat, rival } = await openOf(request)
    if (own && (isRepeat || own.claimId === awaited)) return outcomeOf(own)
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

/** Whether both claims have the same signature, or none. */
const isSameWord = ({ signed: left }: ClaimRequest, { signed: right }: ClaimRequest) =>
  left?.deadline === right?.deadline && left?.signature.toLowerCase() === right?.signature.toLowerCase()

/** The claim to which the request's idempotency key is bound; 'other body' if that is of another request. */
function boundTo({ binding }: Stored): StoredRequest['bound'] {
  if (!binding) return undefined
  const { claimId, round, hasSameBody } = binding
  return hasSameBody ? { claim: { claimId, round } } : 'other body'
}
