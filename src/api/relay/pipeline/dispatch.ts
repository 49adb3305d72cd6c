import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import type { Hash, Hex } from 'viem'
import type { ChainHead } from '../chain/heads.ts'
import { isExpiring } from '../chain/nextBlock.ts'
import { createRunStep } from '../events.ts'
import type { Candidate, Examined, Passed, Simulated } from '../kinds/kind.ts'
import { type NamedAction, nameOf, nounOf, UNSIGNED } from '../kinds/request.ts'
import { isUnavailable, Refusal, unavailable } from '../refusal.ts'
import { type Signer, signingRestOf } from '../sender/keys/signing.ts'
import type { PlacedTx, Placer, Quote } from '../sender/placement.ts'
import type { Send } from '../sender/send.ts'
import { createSignerTurns, type SignerBlocker } from '../sender/signerTurns.ts'
import { isConflict } from '../store/database.ts'
import { createBudgetCheck } from './budget.ts'
import type { Asking, PipelineContext } from './context.ts'
import { type Placed, placeActions } from './placing.ts'
import { createQueue, type Entry } from './queue.ts'
import { createSimulate, createSimulateTogether } from './simulate.ts'
import { type Allowance, createTaking } from './taking.ts'

/** The size of a batch: the actions of so many full transactions, but at least so many. */
const TRANSACTIONS_PER_BATCH = 4
const ACTIONS_PER_BATCH = 32

/** The batching delay per claim in flight, and its maximum, in milliseconds. */
const WINDOW_PER_CLAIM_MS = 1
const MAX_WINDOW_MS = 100

/**
 * How long a simulation counts after its head. Blocks may come faster than simulations end: without this, actions that are
 * simulated alone would be simulated again at each turn, and never be placed.
 */
const READY_MS = 1_000

/** How long an action stays in the queue for its first turn after its request timed out, in milliseconds. */
export const LAST_CHANCE_MS = 1_000

/**
 * How long after its request timed out a taken action is answered at the latest, in milliseconds. A request waits for 15 s,
 * and the server closes its connection after 30 s.
 */
const ANSWER_MS = 10_000

/**
 * The result of an action in the queue.
 * - `placed`: it is stored with a signed transaction.
 * - `fails`, `undecided`: see `Simulated`.
 * - `rival`, `locked`: see `Obstacle` of `reserve`.
 * - `stale`: it must be examined again, because its run or its signature’s validity has changed.
 * - `left`: the request timed out while `blocker` kept the action in the queue.
 */
export type Placement =
  | { status: 'placed'; action: NamedAction; transaction: PlacedTx }
  | { status: 'fails'; refusal: Refusal; looksAgain: boolean }
  | { status: 'undecided'; refusal: Refusal | undefined }
  | { status: 'rival' | 'locked' | 'stale' }
  | { status: 'left'; blocker: SignerBlocker | undefined }

/** An action as it is put into the queue. `actionId`: a claim has one once it is simulated. */
type Asked = Pick<Entry<Placement>, 'request' | 'signers'> &
  Asking & { actionId?: Hex; examined: Examined; former?: bigint | undefined }

/** `ready`: the result of its simulation, the head that it was made at, and when, by `performance.now()`. */
type Waiting = Entry<Placement> & Asked & { ready?: { head: Hash; at: number; candidate: Candidate } }

/** What the completed runs of agents have paid, in USDC base units. */
type Fees = ReadonlyMap<bigint, bigint>

export type Dispatcher = ReturnType<typeof createDispatcher>

/**
 * Takes actions of all kinds from the queue in batches, simulates each batch, and stores the actions that pass with signed
 * transactions. The signers take turns. While a signer works on a batch, actions gather for the next.
 */
export function createDispatcher(context: PipelineContext, placer: Placer, send: Send) {
  const { kinds, heads, accounts, feesPaid, maxBatch, interval, events, logger } = context
  const runStep = createRunStep(events)
  const simulate = createSimulate(context)
  const simulateTogether = createSimulateTogether(context, runStep)
  const budget = createBudgetCheck(context)
  const queue = createQueue<Placement, Waiting>(({ request }, ended) => {
    void runStep('wait in the queue', [request], () => ended)
  })
  const taking = createTaking<Waiting>(context, queue, assign)
  const turns = createSignerTurns(accounts, assign)
  /** Whether a signer gathers a batch. Only one does at a time, because two would halve the batches. */
  let isGathering = false
  /** The number of stored claims without an outcome. */
  let inFlight = 0

  const isBlocked = ({ signers }: Waiting) => signers.every(turns.isBlocked)

  function assign() {
    if (isGathering) return
    const signer = turns.start(taking.hasWorkFor)
    if (!signer) return
    isGathering = true
    void runBatch(signer)
  }

  async function runBatch(signer: Signer) {
    await batchWindow()
    const allowance = await allowanceOf(signer)
    const entries = typeof allowance === 'string' ? [] : queue.take(mostInBatch(), taking.choiceOf(signer, allowance))
    isGathering = false
    // A signer that was blocked, and has too little room for any of them, stays so.
    if (typeof allowance === 'string') blockSigner(signer, allowance)
    else if (allowance.room && entries.length === 0 && taking.hasWorkFor(signer)) blockSigner(signer, 'full')
    else turns.unblock(signer)
    if (entries.length > 0) {
      queueMicrotask(assign)
      await handle(signer, entries).catch((error) => end(entries, { error }))
    }
    turns.finish(signer)
    assign()
  }

  /**
   * Waits for further actions, because a batch takes less gas per claim, and less work of node and indexer. The delay
   * grows with the number of claims in flight. It resolves after all requests that have arrived are parsed.
   */
  async function batchWindow() {
    if (inFlight > 0) await sleep(Math.min(inFlight * WINDOW_PER_CLAIM_MS, MAX_WINDOW_MS), undefined, { ref: false })
    await setImmediate()
  }

  const mostInBatch = () => {
    const share = Math.max(maxBatch, Math.ceil(queue.count(() => true) / turns.able()))
    return Math.min(share, Math.max(maxBatch * TRANSACTIONS_PER_BATCH, ACTIONS_PER_BATCH))
  }

  /** What the signer may take from the queue, or why nothing. A signer that was blocked is asked what it can send. */
  async function allowanceOf(signer: Signer): Promise<Allowance | SignerBlocker> {
    try {
      const room = turns.isBlocked(signer) ? await placer.roomOf(signer) : undefined
      return typeof room === 'string' ? room : await taking.allow(signer, room)
    } catch (error) {
      // Nothing awaits a batch: a rejection would end the process, and with it all actions that wait.
      if (!isUnavailable(error)) {
        logger.error({ err: error, signer: signer.address }, 'cannot tell what a signer can send: it rests')
      }
      return 'unreachable'
    }
  }

  /** Ends the wait of taken entries, so that others of their slots may be taken. */
  function end(entries: readonly Waiting[], outcome: { result: Placement } | { error: unknown }) {
    for (const entry of entries) queue.end(entry, outcome)
  }

  async function handle(signer: Signer, entries: Waiting[]) {
    const head = await heads.latest()
    const present = entries.filter((entry) => isPresent(entry, head))
    // Asked once: a result that counts now may be too old after the simulations of the others.
    const ready = new Set(present.filter((entry) => isReady(entry, head)))
    const unready = await covered(present.filter((entry) => !ready.has(entry)))
    const shared = unready.filter(taking.batchOf)
    const isOnly = present.length === 1
    // Asked while the actions are simulated, unless those may cost their clients nothing.
    const isLikely = ready.size + shared.length > 0 || (isOnly && unready[0]?.places === 'work')
    const quote = isLikely ? quoteOf(signer) : undefined
    const [passed, fees] = await Promise.all([simulateTogether(signer.address, head, shared), feesOf(unready)])
    const alone: Waiting[] = []
    for (const entry of unready) {
      const one = passed.get(entry.request)
      if (one) ready.add(apply(entry, head, one, fees))
      else alone.push(entry)
    }
    const simulations = alone.map((entry) => simulateAlone(signer, entry, head, fees, isOnly))
    if (isOnly && (await simulations[0])) ready.add(present[0] as Waiting)
    const placeable = present.filter((entry) => ready.has(entry) && queue.isTaken(entry))
    if (placeable.length > 0) await placeReady(signer, quote ?? quoteOf(signer), placeable)
  }

  /** What the node says of the signer. If that fails, the placer asks again. */
  function quoteOf(signer: Signer): Promise<Quote> {
    const quote = placer.quote(signer)
    quote.catch(() => undefined)
    return quote
  }

  /** Refuses those of the entries that no share of the budget has room for. @returns the others. */
  async function covered(entries: Waiting[]): Promise<Waiting[]> {
    const refusals = await budget.refusals(entries)
    for (const [entry, error] of refusals) {
      budget.note(entry)
      end([entry], { error })
    }
    return entries.filter((entry) => !refusals.has(entry))
  }

  async function feesOf(entries: readonly Waiting[]): Promise<Fees> {
    const agentIds = new Set(entries.flatMap(({ examined: { agentId } }) => agentId ?? []))
    return agentIds.size === 0 ? new Map() : feesPaid([...agentIds])
  }

  /**
   * Simulates an entry that shares no simulation, or does not pass with the others. It does not delay them: if it passes, it joins
   * the next batch, unless it `stays` in this one.
   * @returns whether it passes.
   */
  async function simulateAlone(signer: Signer, entry: Waiting, head: ChainHead, fees: Fees, stays: boolean) {
    const { request, actionId, examined } = entry
    let passes = false
    try {
      const simulated = await runStep('simulate', [request], () =>
        simulate(signer.address, { request, actionId }, head, examined.runsWalletCode),
      )
      passes = simulated.result === 'passes'
      if (simulated.result === 'passes') apply(entry, head, simulated, fees)
      else end([entry], { result: placementOf(simulated) })
    } catch (error) {
      end([entry], { error })
    }
    if (passes && stays) return true
    queue.putBack([entry])
    assign()
    return passes
  }

  /** Keeps the result of a simulation that the action passes. */
  function apply(entry: Waiting, head: ChainHead, { action, gas, lock }: Passed, paid: Fees): Waiting {
    const { examined, key, former } = entry
    const fees = (examined.agentId !== undefined && paid.get(examined.agentId)) || 0n
    const candidate = { ...examined, action, gas, lock, fees, key, former }
    entry.ready = { head: head.hash, at: performance.now(), candidate }
    return entry
  }

  function isPresent(entry: Waiting, head: ChainHead): boolean {
    const { request, gone } = entry
    if (gone.aborted) end([entry], { result: { status: 'left', blocker: undefined } })
    else if (request.signature !== UNSIGNED && isExpiring(request.message.deadline, head))
      end([entry], { result: { status: 'stale' } })
    else return true
    return false
  }

  async function placeReady(signer: Signer, quote: Promise<Quote>, entries: readonly Waiting[]): Promise<void> {
    let isLocked = false
    const requests = entries.map(({ request }) => request)
    const onLocked = () => {
      isLocked = true
    }
    try {
      const placed = await runStep('sign and store', requests, () =>
        placeActions(context, placer, signer, quote, entries.map(candidateOf), onLocked),
      )
      if (typeof placed === 'string') {
        queue.putBack(entries)
        return blockSigner(signer, placed)
      }
      settle(entries, placed)
      if (entries.some(({ places }, place) => places === 'work' && placed[place] === 'full'))
        blockSigner(signer, 'full')
    } catch (error) {
      if (!isLocked && isUnavailable(error)) {
        queue.putBack(entries)
        blockSigner(signer, 'unreachable')
      } else if (error instanceof Refusal || entries.length === 1) {
        end(entries, isConflict(error) ? { result: { status: 'rival' } } : { error })
      } else {
        // If PostgreSQL refuses what one action stores, the others of its batch must not fail.
        logger.warn({ err: error, actions: entries.length }, 'cannot place a batch of actions: each is placed alone')
        for (const entry of entries) await placeReady(signer, quote, [entry])
      }
    }
  }

  /** Broadcasts a transaction of these actions. */
  async function sendActions(placed: PlacedTx, sent: readonly Waiting[]) {
    const { signer, nonce, attempt } = placed
    const name = { signer, nonce, txHash: attempt.hash }
    const actions = sent.map((entry) => nameOf(candidateOf(entry).action))
    for (const action of actions) events.emit('actionPlaced', { ...action, ...name })
    const requests = sent.map(({ request }) => request)
    const result = await runStep('broadcast', requests, () => send(placed), attempt.hash)
    for (const action of actions) events.emit('actionSent', { ...action, ...name, result })
  }

  function settle(entries: readonly Waiting[], placed: readonly Placed[]) {
    const sent = new Map<PlacedTx, Waiting[]>()
    for (const [place, entry] of entries.entries()) {
      const one = placed[place] ?? 'full'
      if (one === 'full') queue.putBack([entry])
      else if (typeof one === 'string') end([entry], { result: { status: one } })
      else if (one instanceof Refusal) {
        budget.note(entry, candidateOf(entry).gas)
        end([entry], { error: one })
      } else sent.set(one, [...(sent.get(one) ?? []), entry])
    }
    for (const [transaction, own] of sent) {
      sendActions(transaction, own).catch((err) =>
        logger.error({ err, txHash: transaction.attempt.hash }, 'cannot broadcast a transaction: the keeper will'),
      )
      for (const entry of own) {
        end([entry], { result: { status: 'placed', action: candidateOf(entry).action, transaction } })
      }
    }
    const slots = new Set([...sent.values()].flatMap((own) => own.map(({ slot }) => slot)))
    for (const rival of queue.takeAll(({ slot }) => slots.has(slot))) rival.resolve({ status: 'rival' })
  }

  /** The actions keep waiting, unless every signer that can make them is blocked for long. */
  function blockSigner(signer: Signer, blocker: SignerBlocker) {
    // A key that does not sign gets no turn before it is asked again.
    turns.block(signer, blocker, Math.max(interval, signingRestOf(signer)))
    rejectHopeless()
    for (const entry of queue.takeAll((one) => one.until.aborted && isBlocked(one))) leave(entry)
  }

  /** Rejects the actions that no signer can take for long. */
  function rejectHopeless() {
    for (const entry of queue.takeAll(({ signers }) => turns.hopelessness(signers) !== undefined)) {
      const { detail = '', retrySeconds } = turns.hopelessness(entry.signers) ?? {}
      entry.reject(unavailable(detail, undefined, retrySeconds))
    }
  }

  function leave({ resolve, signers, places }: Waiting) {
    const blocker = turns.blockerAmong(signers) ?? (taking.lacksPlace(places) ? 'full' : undefined)
    resolve({ status: 'left', blocker })
  }

  return {
    /** The number of waiting claims. */
    waitingClaims: () => queue.count(({ request }) => nounOf(request.message) === 'claim'),

    /** Counts a stored claim as in flight, for the batching delay. */
    countInFlight<T>(outcome: Promise<T>): Promise<T> {
      inFlight++
      return outcome.finally(() => {
        inFlight--
      })
    },

    /**
     * Puts the action into the queue and waits for its turn.
     * @throws Refusal RELAY_UNAVAILABLE, RATE_LIMITED, CLAIM_REVERTED, ACTION_REVERTED
     */
    async place(asked: Asked): Promise<Placement> {
      const { request, gone, until } = asked
      const { slotOf, placesOf } = kinds.of(request.message)
      const { promise, resolve, reject } = Promise.withResolvers<Placement>()
      const [slot, places] = [slotOf(request.message), placesOf(request.message.action)]
      const entry: Waiting = { ...asked, slot, places, resolve, reject }
      const giveUp = () => {
        for (const taken of queue.takeAll((one) => one === entry)) leave(taken)
      }
      const answer = () => {
        giveUp()
        if (!queue.isTaken(entry)) return
        const noun = nounOf(request.message)
        logger.error(
          { requestId: request.requestId, slot },
          `a ${noun} that was taken from the queue has no result in time`,
        )
        const detail = `The ${noun} has no result in time. Whether it was stored is not known; send it again.`
        end([entry], { error: unavailable(detail) })
      }
      const timers: NodeJS.Timeout[] = []
      const expire = () => {
        if (isBlocked(entry) || places !== 'work') giveUp()
        timers.push(setTimeout(giveUp, LAST_CHANCE_MS), setTimeout(answer, ANSWER_MS))
      }
      queue.enter(entry)
      assign()
      // Their next turn may be later than the request's end.
      if (entry.signers.every((signer) => signingRestOf(signer) > 0)) rejectHopeless()
      gone.addEventListener('abort', giveUp)
      until.addEventListener('abort', expire)
      if (until.aborted) expire()
      try {
        return await promise
      } finally {
        for (const timer of timers) clearTimeout(timer)
        gone.removeEventListener('abort', giveUp)
        until.removeEventListener('abort', expire)
      }
    },
  }
}

const isReady = ({ ready }: Waiting, head: ChainHead): boolean =>
  ready !== undefined && (ready.head === head.hash || performance.now() - ready.at < READY_MS)

function candidateOf({ ready }: Waiting): Candidate {
  if (!ready) throw new Error('The action was not simulated')
  return ready.candidate
}

const placementOf = ({ result, ...why }: Exclude<Simulated, { result: 'passes' }>) =>
  ({ status: result, ...why }) as Placement
