import type { Hex } from 'viem'
import { createBatcher } from '../../../../core/batcher.ts'
import type { ChainHead } from '../chain/heads.ts'
import { type ActionOutcome, createRunStep } from '../events.ts'
import { isSameClaimant } from '../kinds/claims/message.ts'
import { claimPending } from '../kinds/claims/refusal.ts'
import type { Examined, Kind, MadeClaim, Unready } from '../kinds/kind.ts'
import { actionPending } from '../kinds/refusal.ts'
import { type ActionRequest, claimantOf, isClaim, nounOf } from '../kinds/request.ts'
import { type Bound, createKeyReader } from '../ledger/boundKeys.ts'
import type { StoredAction } from '../ledger/storedActions.ts'
import { Refusal, unavailable } from '../refusal.ts'
import type { Asking, PipelineContext } from './context.ts'
import type { Dispatcher } from './dispatch.ts'
import { nextStep, type Related, refusalOf, type Step, stepAfter, type Unplaced, type Wait } from './nextStep.ts'
import type { Placement } from './queue.ts'
import { outcomeOf, type Results } from './results.ts'
import { createRivals, type Rivals } from './rivals.ts'

/** `closing` aborts when the relay stops accepting requests. */
type Rooms = { dispatcher: Dispatcher; results: Results; closing: AbortSignal }

/** A request that is handled. `actionId`: undefined of a claim, whose request names no round. */
type Acting = { request: ActionRequest; actionId: Hex | undefined; kind: Kind; asked: Asking; rivals: Rivals }

/** Creates what takes an action of any kind from its request to its outcome. */
export function createActing(context: PipelineContext, { dispatcher, results, closing }: Rooms) {
  const { pool, kinds, store, heads, signersFor, whenReady, events } = context
  const rivalsOf = createRivals()
  const runStep = createRunStep(events)
  const openClaims = createBatcher((runIds: readonly bigint[]) => store.openClaimsOf(pool, runIds))
  const boundTo = createKeyReader(pool)

  /** Carries out what `nextStep` decides, until the action has an outcome or its request times out. */
  async function carryOut(acting: Acting): Promise<ActionOutcome> {
    const { asked, rivals } = acting
    /** A refusal uses only what the chain has been since. After another action's decision, an older state would mislead. */
    let look = { since: performance.now(), isFresh: false }
    // Read while the database is. If this fails, the examination reads it again.
    heads.latest().catch(() => undefined)
    let bound = await readBound(acting)
    let obstacle: Unplaced | undefined
    /** The own action, once the request was found to be its party's. */
    let awaited: StoredAction | undefined

    do {
      if (closing.aborted) throw unavailable('The server is shutting down.')
      if (asked.gone.aborted) throw unavailable('The client has disconnected.')
      const { placed } = rivals
      const related = await relatedTo(acting)
      let step = nextStep(bound, related)
      // Read before the run is: if a block changes the run in between, `heads.after` returns at once.
      const head = step.do === 'examine' ? await heads.latest() : undefined
      if (step.do === 'examine') step = nextStep(bound, related, await examine(acting, look, placed))
      if (step.do === 'place') step = stepAfter(await place(acting, step.examined, related.former))
      if (step.do === 'follow') return follow(acting, step)
      if (step.do === 'answer') return answer(acting, step.made)
      if (step.do === 'refuse') throw step.refusal
      if (step.do !== 'wait') throw new Error(`The step ${step.do} of an action has no result`)
      if (step.for !== 'decision') obstacle = step.obstacle
      else if (step.of === related.own) awaited = step.of
      await wait(acting, step, head)
      if (step.for === 'binding') bound = await readBound(acting)
      const hasChanged = ['decision', 'party', 'reread'].includes(step.for)
      if (hasChanged) heads.expire()
      if (hasChanged || step.for === 'block') look = { since: performance.now(), isFresh: hasChanged }
    } while (!asked.until.aborted)
    return giveUp(acting, obstacle, awaited)
  }

  async function readBound({ request, asked: { key } }: Acting): Promise<Bound | undefined> {
    if (key === undefined || !isClaim(request)) return undefined
    return runStep('look up', [request], () => boundTo({ request, key }))
  }

  /** @returns also `former`: the transaction that has decided the action, if it can be made again. */
  async function relatedTo({ request, actionId, kind }: Acting): Promise<Related & { former: bigint | undefined }> {
    const { message, signature } = request
    const found = await (isClaim(request)
      ? openClaims(request.message.bountyId)
      : store.related(pool, actionId, kind.slotOf(message)))
    const same = found.find((one) =>
      isClaim(request) ? isSameClaimant(request, one.request) : one.actionId === actionId,
    )
    const own = same && (same.state === 'open' || !kind.isForAnyone) ? same : undefined
    const isRepeat =
      own?.request.message.deadline === message.deadline &&
      own.request.signature.toLowerCase() === signature.toLowerCase()
    const other = found.find((one) => one !== same)
    return { own, isRepeat, other, isContested: isClaim(request), former: own ? undefined : same?.tx.id }
  }

  /** @param placed how many rivals this process had placed when the stored ones were read. */
  function examine(
    { request, kind, asked, rivals }: Acting,
    look: { since: number; isFresh: boolean },
    placed: number,
  ): Promise<Examined | Unready> {
    const others = {
      exist: () => rivals.count > 1,
      haveOvertaken: () => rivals.placing !== undefined || rivals.placed !== placed,
    }
    return runStep('examine', [request], () => kind.examine(request, asked, { ...look, rivals: others }))
  }

  async function place(
    { request, actionId, asked, rivals }: Acting,
    examined: Examined,
    former: bigint | undefined,
  ): Promise<Placement> {
    await whenReady()
    const signers = await signersFor(request)
    if (signers.length === 0) return { result: 'stale' }
    const placing = dispatcher.place({ ...asked, request, actionId, examined, former, signers })
    rivals.startPlacing(placing)
    const placement = await placing
    if (placement.result === 'placed') rivals.placed++
    return placement
  }

  async function follow(
    { request, kind, asked }: Acting,
    { action, isSigned, txHash }: Omit<Extract<Step, { do: 'follow' }>, 'do'>,
  ): Promise<ActionOutcome> {
    if (!isSigned && !(await kind.isSigned(request, asked))) throw kind.invalidSignature(request.message)
    const { until } = asked
    const waiting = () => (txHash ? results.followPlaced(action, txHash, until) : results.follow(action, until))
    const outcome = runStep('wait for the result', [request], waiting, txHash)
    return txHash && isClaim(request) ? dispatcher.countInFlight(outcome) : outcome
  }

  async function answer({ request }: Acting, { actionId, round, blockNumber }: MadeClaim): Promise<ActionOutcome> {
    const standing = await store.standingClaimOf(pool, request.message, round)
    const named = { actionId: standing?.actionId ?? actionId, ...(standing?.txHash && { txHash: standing.txHash }) }
    return { ...named, round, status: 'done', blockNumber, result: null }
  }

  async function wait({ request, asked: { until }, rivals }: Acting, step: Wait, head: ChainHead | undefined) {
    const { message } = request
    if (step.for === 'decision') {
      await runStep(`wait for another ${nounOf(message)}`, [request], () => results.decisionOf(step.of, until))
    }
    if (step.for === 'placing') await rivals.whilePlacing(until)
    const [open] = step.for === 'party' ? await store.openOf(pool, message.party, claimantOf(message)) : []
    if (open) await results.decisionOf(open, until)
    else if ((step.for === 'block' || step.for === 'party') && head) await heads.after(head, until)
  }

  /** The request timed out before its action was placed. @param obstacle what it waited for last. */
  async function giveUp(
    acting: Acting,
    obstacle: Unplaced | undefined,
    awaited: StoredAction | undefined,
  ): Promise<ActionOutcome> {
    const { request, kind } = acting
    const { message } = request
    const { own, isRepeat, other } = await relatedTo(acting)
    if (own && (isRepeat || own.actionId === awaited?.actionId)) return outcomeOf(own)
    const pending = other ?? own
    if (!pending) throw refusalOf(obstacle, message)
    const {
      actionId,
      request: {
        message: { action },
      },
    } = pending
    if (isClaim(request)) throw claimPending(actionId, request.message.bountyId)
    throw actionPending(actionId, action, kind.slotOf(message))
  }

  /** What the chain refuses now may be what a concurrent request of the same message has done, or another sender. */
  async function madeBefore(acting: Acting, { code }: Refusal): Promise<ActionOutcome | undefined> {
    const { request, actionId, kind, asked } = acting
    if (actionId === undefined) return undefined
    const isMade = kind.madeAlready.has(code)
    const [own] = await store.byId(pool, [actionId])
    if (own && (own.state === 'open' || !kind.isForAnyone || isMade)) {
      return follow(acting, { action: own, isSigned: own.request.signature === request.signature })
    }
    if (!isMade || !(await kind.isSigned(request, asked))) return undefined
    // An older head may lack the block that the refusal is about.
    const head = await heads.since(performance.now())
    const made = await kind.findMade(request, head, head.number)
    return made && { actionId, status: 'done', ...made }
  }

  return {
    async act(request: ActionRequest, asked: Asking): Promise<ActionOutcome> {
      const kind = kinds.of(request.message)
      const actionId = await kind.idOf?.(request.message)
      return rivalsOf.among(kind.slotOf(request.message), async (rivals) => {
        const acting = { request, actionId, kind, asked, rivals }
        try {
          return await carryOut(acting)
        } catch (error) {
          const outcome = error instanceof Refusal && (await madeBefore(acting, error))
          if (!outcome) throw error
          return outcome
        }
      })
    },

    waitUnread: rivalsOf.waitUnread,
  }
}
