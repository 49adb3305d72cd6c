import { setTimeout as sleep } from 'node:timers/promises'
import { type Hex, isAddressEqual } from 'viem'
import { createBatcher } from '../../../../core/batcher.ts'
import type { ChainHead } from '../chain/heads.ts'
import { type ActionOutcome, createRunStep } from '../events.ts'
import type { ClaimRequest } from '../kinds/claims/message.ts'
import { claimPending } from '../kinds/claims/refusal.ts'
import type { Examination, Examined, Look, Unready } from '../kinds/kind.ts'
import type { ClaimMessage } from '../kinds/request.ts'
import { refusalOfLimits } from '../ledger/limits.ts'
import type { StoredAction } from '../ledger/storedActions.ts'
import type { Asking, PipelineContext } from '../pipeline/context.ts'
import type { Dispatcher } from '../pipeline/dispatch.ts'
import type { Placement } from '../pipeline/entry.ts'
import { outcomeOf, type Results } from '../pipeline/results.ts'
import { unavailable } from '../refusal.ts'
import { createLookUp, type Stored } from './lookUp.ts'
import {
  type Followed,
  nextStep,
  type Open,
  type StoredRequest,
  stepAfter,
  type Unplaced,
  type Wait,
} from './nextStep.ts'
import { createRunClaims, type RunClaims } from './runClaims.ts'

/** `closing` aborts when the relay stops accepting claims. */
type Rooms = {
  examine: Examination<ClaimMessage>['examine']
  dispatcher: Dispatcher
  results: Results
  closing: AbortSignal
}

/** Takes a claim from its request to its outcome. */
export function createClaimFlow(context: PipelineContext, { examine, dispatcher, results, closing }: Rooms) {
  const { pool, store, heads, walletLimits, signersFor, interval, events } = context
  const runClaims = createRunClaims()
  const runStep = createRunStep(events)
  const openClaims = createBatcher((bountyIds: readonly bigint[]) => store.openClaimsOf(pool, bountyIds))
  const lookUp = createLookUp(pool, walletLimits)

  /** Carries out what `nextStep` decides, until the claim has an outcome or its request times out. */
  async function claim(request: ClaimRequest, asked: Asking, run: RunClaims): Promise<ActionOutcome> {
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
      if (step.do === 'place') step = stepAfter(await place(request, asked, run, step.examined))
      if (step.do === 'follow') return follow(request, asked, step)
      if (step.do === 'refuse') throw step.refusal
      if (step.do !== 'wait') throw new Error(`The step ${step.do} of a claim has no result`)
      if ('obstacle' in step) obstacle = step.obstacle
      else if (step.of === open.own) awaited = step.of.actionId
      await wait(step, head)
    } while (!until.aborted)
    return giveUp(request, obstacle, awaited)
  }

  /** What is stored about the request. */
  async function know(request: ClaimRequest, { key }: Asking): Promise<StoredRequest> {
    const stored = await runStep('look up', [request], () => lookUp({ request, key }))
    return {
      key,
      bound: boundTo(stored),
      limit: refusalOfLimits(request.message.party, request.message.agentId, stored, walletLimits),
    }
  }

  async function openOf(request: ClaimRequest): Promise<Open> {
    const open = await openClaims(request.message.bountyId)
    const own = open.find((one) => isSameClaimant(one, request))
    return { own, isRepeat: own !== undefined && isSameWord(own, request), rival: open[0] }
  }

  /** @param placed how many claims of the run this process had placed when the stored ones were read. */
  async function judge(
    request: ClaimRequest,
    asked: Asking,
    { run, placed, look }: { run: RunClaims; placed: number; look: Look },
  ): Promise<Examined | Unready> {
    const rivals = {
      exist: () => run.count > 1,
      haveOvertaken: () => run.placing !== undefined || run.placed !== placed,
    }
    return runStep('examine', [request], () => examine(request, asked, { ...look, rivals }))
  }

  async function place(request: ClaimRequest, asked: Asking, run: RunClaims, examined: Examined): Promise<Placement> {
    const { client, gone, until, key } = asked
    const signers = await signersFor(request)
    if (signers.length === 0) return { result: 'stale' }
    const placing = dispatcher.place({ request, client, gone, until, key, examined, signers })
    run.startPlacing(placing)
    const placement = await placing
    if (placement.result === 'placed') run.placed++
    return placement
  }

  async function follow(
    request: ClaimRequest,
    { until }: Asking,
    { claim, wonAt, txHash }: Followed,
  ): Promise<ActionOutcome> {
    const { actionId, round } = claim
    if (wonAt !== undefined) {
      const standing = await store.standingClaimOf(pool, request.message, round)
      const known = { actionId: standing?.actionId ?? actionId, ...(standing?.txHash && { txHash: standing.txHash }) }
      return { ...known, round, status: 'done', blockNumber: wonAt, result: null }
    }
    const named = { actionId, request: { ...request, message: { ...request.message, round } } }
    const waiting = () => (txHash ? results.followPlaced(named, txHash, until) : results.follow(named, until))
    const outcome = runStep('wait for the result', [request], waiting, txHash)
    return txHash ? dispatcher.countInFlight(outcome) : outcome
  }

  const decision = (request: ClaimRequest, other: StoredAction, until: AbortSignal) =>
    runStep('wait for another claim', [request], () => results.decisionOf(other, until))

  /** Waits until one of the agent’s pending claims is decided, because that changes its unlocked stake. */
  async function whileLocked({ message: { party, agentId } }: ClaimRequest, until: AbortSignal) {
    const [other] = await store.openOf(pool, party, agentId)
    if (other) await results.decisionOf(other, until)
    else await sleep(interval)
  }

  /** The request timed out before its claim was sent. @param obstacle what the claim waited for last. */
  async function giveUp(
    request: ClaimRequest,
    obstacle: Unplaced | undefined,
    awaited: Hex | undefined,
  ): Promise<ActionOutcome> {
    const { own, isRepeat, rival } = await openOf(request)
    if (own && (isRepeat || own.actionId === awaited)) return outcomeOf(own)
    const { bountyId, agentId } = request.message
    if (rival) throw claimPending(rival.actionId, bountyId)
    if (obstacle && 'refusal' in obstacle && obstacle.refusal) throw obstacle.refusal
    if (obstacle?.result === 'locked') throw unavailable(`Other claims of agent ${agentId} are not decided yet.`)
    if (obstacle?.result === 'left') {
      const isStuck = obstacle.blocker === 'stuck'
      throw unavailable(isStuck ? 'The chain’s node does not take transactions.' : 'The claim queue is too long.')
    }
    throw unavailable('A transaction that is not mined yet decides about this claim.')
  }

  return {
    claim: (request: ClaimRequest, asked: Asking) =>
      runClaims.among(request.message.bountyId, (run) => claim(request, asked, run)),
    waitUnread: runClaims.waitUnread,
  }
}

const isSameClaimant = ({ request: { message: left } }: StoredAction, { message: right }: ClaimRequest) =>
  left.action === 'claim' && left.agentId === right.agentId && isAddressEqual(left.party, right.party)

/** Whether both claims have the same signature, or none. */
const isSameWord = ({ request: { message, signature } }: StoredAction, asked: ClaimRequest) =>
  message.deadline === asked.message.deadline && signature.toLowerCase() === asked.signature.toLowerCase()

/** The claim to which the request's idempotency key is bound; 'other body' if that is of another request. */
function boundTo({ binding }: Stored): StoredRequest['bound'] {
  if (!binding) return undefined
  const { actionId, round, hasSameBody } = binding
  return hasSameBody ? { claim: { actionId, round } } : 'other body'
}
