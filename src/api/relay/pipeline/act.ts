import type { Hash, Hex } from 'viem'
import { createBatcher } from '../../../../core/batcher.ts'
import type { ChainHead } from '../chain/heads.ts'
import { type ActionOutcome, createRunStep } from '../events.ts'
import { isSameClaimant } from '../kinds/claims/message.ts'
import { claimPending } from '../kinds/claims/refusal.ts'
import type { Examined, Kind, Look, MadeClaim, Unready } from '../kinds/kind.ts'
import { actionPending } from '../kinds/refusal.ts'
import { type ActionRequest, claimantOf, isClaim, type Message, type NamedAction, nounOf } from '../kinds/request.ts'
import { type Bound, createKeyReader } from '../ledger/boundKeys.ts'
import type { StoredAction } from '../ledger/storedActions.ts'
import { Refusal, unavailable } from '../refusal.ts'
import type { Blocker } from '../sender/placement.ts'
import type { Asking, PipelineContext } from './context.ts'
import type { Dispatcher } from './dispatch.ts'
import type { Placement } from './queue.ts'
import { outcomeOf, type Results } from './results.ts'
import { createRivals, type Rivals } from './rivals.ts'

/** A request that is handled. `actionId`: undefined of a claim, whose request names no round. */
type Acting = { request: ActionRequest; actionId: Hex | undefined; kind: Kind; asked: Asking; rivals: Rivals }

/**
 * What an action waits for before it is tried again. `refusal`: the answer if the time of its request is over; absent if that names
 * the other action.
 * - `decision`: until the action `of` is decided. `isOwn`: it is that of the message, with another signature of the party.
 * - `placing`: until the action of the slot that is likely to win has left the queue.
 * - `block`: until the chain has another latest block than `head`.
 * - `party`: until an open action of the party, or of a claim’s agent, is decided, which changes what it may use.
 * - `reread`: not at all, but the chain is read anew.
 * - `binding`: not at all, but the idempotency key is looked up anew.
 * - `nothing`: not at all.
 */
type Wait =
  | { for: 'decision'; of: StoredAction; isOwn: boolean; refusal?: undefined }
  | { for: 'block' | 'party'; head: ChainHead; refusal: Refusal }
  | { for: 'placing' | 'reread' | 'binding' | 'nothing'; refusal: Refusal }

/** A refusal uses only what the chain has been since `since`. After another action's decision, an older state would mislead. */
type ChainLook = Pick<Look, 'since' | 'isFresh'>

/**
 * Creates what takes an action of any kind from its request to its outcome.
 * @param closing aborts when the relay stops accepting requests.
 */
export function createActing(context: PipelineContext, dispatcher: Dispatcher, results: Results, closing: AbortSignal) {
  const { pool, kinds, store, heads, signersFor, whenReady, events } = context
  const rivalsOf = createRivals()
  const runStep = createRunStep(events)
  const openClaims = createBatcher((runIds: readonly bigint[]) => store.openClaimsOf(pool, runIds))
  const boundTo = createKeyReader(pool)

  /** Tries the action, and again after each wait, until it has an outcome or its request times out. */
  async function carryOut(acting: Acting): Promise<ActionOutcome> {
    const { asked } = acting
    let look: ChainLook = { since: performance.now(), isFresh: false }
    // Read while the database is. If this fails, the examination reads it again.
    heads.latest().catch(() => undefined)
    let bound = await readBound(acting)
    let refusal: Refusal | undefined
    /** The own action, once the request was found to be its party's. */
    let awaited: StoredAction | undefined

    do {
      if (closing.aborted) throw unavailable('The server is shutting down.')
      if (asked.gone.aborted) throw unavailable('The client has disconnected.')
      if (bound instanceof Refusal) throw bound
      if (bound) return follow(acting, bound, true)
      const tried = await attempt(acting, look)
      if ('status' in tried) return tried
      refusal = tried.refusal ?? refusal
      if (tried.for === 'decision' && tried.isOwn) awaited = tried.of
      look = await wait(acting, tried, look)
      if (tried.for === 'binding') bound = await readBound(acting)
    } while (!asked.until.aborted)
    return giveUp(acting, refusal, awaited)
  }

  /** The way of an action: the cheapest facts decide first, and only what is authenticated is placed. */
  async function attempt(acting: Acting, look: ChainLook): Promise<ActionOutcome | Wait> {
    const { request, rivals } = acting
    const { message } = request
    const isContested = isClaim(request)

    // What is stored of it, and of its slot.
    const { placed } = rivals
    const { own, isRepeat, other, former } = await relatedTo(acting)
    if (own && (isRepeat || !isContested)) return follow(acting, own, isRepeat)
    if (other && !own && isContested) return { for: 'decision', of: other, isOwn: false }

    // The run as the chain has it, and the party's signature. The head is read before the run is: if a block changes the run in
    // between, the wait for another block ends at once.
    const head = await heads.latest()
    const examined = await examine(acting, look, placed)
    if ('overtaken' in examined) return { for: 'placing', refusal: refusalOf({ result: 'left' }, message) }
    if ('made' in examined) return answer(acting, examined.made)
    if ('undecided' in examined) return { for: 'block', head, refusal: examined.undecided }
    const undecided = own ?? other
    if (undecided) return { for: 'decision', of: undecided, isOwn: undecided === own }

    // The queue, the simulation and a signed transaction.
    const placement = await place(acting, examined, former)
    if (placement.result === 'placed') {
      return follow(acting, placement.action, true, placement.transaction.attempt.hash)
    }
    const refusal = refusalOf(placement, message)
    switch (placement.result) {
      case 'fails':
        // Another claim may have taken the run.
        if (placement.looksAgain) return { for: 'reread', refusal }
        throw refusal
      case 'undecided':
        return { for: 'block', head, refusal }
      case 'locked':
        return { for: 'party', head, refusal }
      default:
        return { for: placement.result === 'rival' ? 'binding' : 'nothing', refusal }
    }
  }

  /** @returns how the chain is looked at afterwards. */
  async function wait({ request, asked: { until }, rivals }: Acting, step: Wait, look: ChainLook): Promise<ChainLook> {
    const { message } = request
    switch (step.for) {
      case 'decision':
        await runStep(`wait for another ${nounOf(message)}`, [request], () => results.decisionOf(step.of, until))
        break
      case 'party': {
        const [open] = await store.openOf(pool, message.party, claimantOf(message))
        await (open ? results.decisionOf(open, until) : heads.after(step.head, until))
        break
      }
      case 'reread':
        break
      case 'block':
        await heads.after(step.head, until)
        return { since: performance.now(), isFresh: false }
      case 'placing':
        await rivals.whilePlacing(until)
        return look
      default:
        return look
    }
    heads.expire()
    return { since: performance.now(), isFresh: true }
  }

  async function readBound({ request, asked: { key } }: Acting): Promise<Bound | undefined> {
    if (key === undefined || !isClaim(request)) return undefined
    return runStep('look up', [request], () => boundTo({ request, key }))
  }

  /**
   * The stored actions that concern a request.
   * - `own`: that of its message, unless it is decided and may be made again; of a claim, the open one of the same agent and wallet.
   * - `isRepeat`: the own one has the signature of the request.
   * - `other`: the open one that has its slot; of a claim, the one that the chain decides first.
   * - `former`: the transaction that has decided the action, if it can be made again.
   */
  async function relatedTo({ request, actionId, kind }: Acting) {
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
    return { own, isRepeat, other, former: own ? undefined : same?.tx.id }
  }

  /** @param placed how many rivals this process had placed when the stored ones were read. */
  function examine(
    { request, kind, asked, rivals }: Acting,
    look: ChainLook,
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

  /** @param isSigned whether the request has the signature of the action. @param txHash the transaction in which it was just placed. */
  async function follow(
    { request, kind, asked }: Acting,
    action: NamedAction,
    isSigned: boolean,
    txHash?: Hash,
  ): Promise<ActionOutcome> {
    if (!isSigned && !(await kind.isSigned(request, asked))) throw kind.invalidSignature(request.message)
    const following = () => results.follow(action, asked.until, txHash)
    const outcome = runStep('wait for the result', [request], following, txHash)
    return txHash && isClaim(request) ? dispatcher.countInFlight(outcome) : outcome
  }

  async function answer({ request }: Acting, { actionId, round, blockNumber }: MadeClaim): Promise<ActionOutcome> {
    const standing = await store.standingClaimOf(pool, request.message, round)
    const named = { actionId: standing?.actionId ?? actionId, ...(standing?.txHash && { txHash: standing.txHash }) }
    return { ...named, round, status: 'done', blockNumber, result: null }
  }

  /** The request timed out before its action was placed. @param refusal of the last wait that has one. */
  async function giveUp(acting: Acting, refusal: Refusal | undefined, awaited: StoredAction | undefined) {
    const { request, kind } = acting
    const { own, isRepeat, other } = await relatedTo(acting)
    if (own && (isRepeat || own.actionId === awaited?.actionId)) return outcomeOf(own)
    const pending = other ?? own
    if (!pending) throw refusal ?? refusalOf({ result: 'undecided' }, request.message)
    if (isClaim(request)) throw claimPending(pending.actionId, request.message.bountyId)
    throw actionPending(pending, kind.slotOf(request.message))
  }

  /** What the chain refuses now may be what a concurrent request of the same message has done, or another sender. */
  async function madeBefore(acting: Acting, { code }: Refusal): Promise<ActionOutcome | undefined> {
    const { request, actionId, kind, asked } = acting
    if (actionId === undefined) return undefined
    const isMade = kind.madeAlready.has(code)
    const [own] = await store.byId(pool, [actionId])
    if (own && (own.state === 'open' || !kind.isForAnyone || isMade)) {
      return follow(acting, own, own.request.signature === request.signature)
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

/** Why an action was not placed. */
type Unplaced = {
  result: Exclude<Placement['result'], 'placed'>
  refusal?: Refusal | undefined
  blocker?: Blocker | undefined
}

/** The answer to an action that was not placed in the time of its request. */
export function refusalOf({ result, refusal, blocker }: Unplaced, message: Message): Refusal {
  const noun = nounOf(message)
  if (refusal) return refusal
  if (result === 'locked') {
    const who = message.action === 'claim' ? `agent ${message.agentId}` : message.party
    return unavailable(`Other ${noun}s of ${who} are not decided yet.`)
  }
  if (result !== 'left') return unavailable(`A transaction that is not mined yet decides about this ${noun}.`)
  if (blocker === 'stuck') return unavailable('The chain’s node does not take transactions.')
  if (blocker) return unavailable('The relayer has as many unmined transactions as it may have.')
  return unavailable(`The ${noun} queue is too long.`)
}
