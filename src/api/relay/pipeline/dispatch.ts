import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { createRunStep } from '../events.ts'
import { nounOf } from '../kinds/request.ts'
import { isUnavailable, unavailable } from '../refusal.ts'
import type { Send } from '../sender/broadcast.ts'
import { type Signer, signingRestOf } from '../sender/keys/signing.ts'
import type { Blocker, Placer } from '../sender/placement.ts'
import { createSignerTurns } from '../sender/signerTurns.ts'
import { createBudgetCheck } from './budget.ts'
import type { PipelineContext } from './context.ts'
import { createHandle } from './handle.ts'
import { createPlaceBatch } from './placeBatch.ts'
import { placesLeft } from './placing.ts'
import { type Choice, createQueue, type Placement, type Waiting } from './queue.ts'
import { createTaking } from './taking.ts'

/** The size of a batch: the actions of so many full transactions, but at least so many. */
const TRANSACTIONS_PER_BATCH = 4
const ACTIONS_PER_BATCH = 32

/** The batching delay per claim in flight, and its maximum, in milliseconds. */
const WINDOW_PER_CLAIM_MS = 1
const MAX_WINDOW_MS = 100

/** How long an action stays in the queue for its first turn after its request timed out, in milliseconds. */
export const LAST_CHANCE_MS = 1_000

/**
 * How long after its request timed out a taken action is answered at the latest, in milliseconds. A request waits for 15 s,
 * and the server closes its connection after 30 s.
 */
const ANSWER_MS = 10_000

export type Dispatcher = ReturnType<typeof createDispatcher>

/**
 * Takes actions of all kinds from the queue in batches, for the signers in turn: while a signer works on a batch, actions gather
 * for the next.
 */
export function createDispatcher(context: PipelineContext, placer: Placer, send: Send) {
  const { pool, kinds, accounts, maxBatch, maxUnmined, interval, events, logger } = context
  const runStep = createRunStep(events)
  const queue = createQueue(({ request }, ended) => {
    void runStep('wait in the queue', [request], () => ended)
  })
  const taking = createTaking(queue, {
    kinds,
    maxBatch,
    maxUnmined,
    placesLeft: (signer, of) => placesLeft(pool, kinds, signer, { maxUnmined, of }),
    onDue: assign,
  })
  const turns = createSignerTurns(accounts, assign)
  const budget = createBudgetCheck(context)
  const place = createPlaceBatch(context, { queue, budget, placer, send, runStep })
  const handle = createHandle(context, { queue, budget, quote: placer.quote, place, runStep, onPutBack: assign })
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
    const choice = await choiceFor(signer)
    const entries = typeof choice === 'string' ? [] : queue.take(mostInBatch(), choice)
    isGathering = false
    if (typeof choice === 'string') blockSigner(signer, choice)
    // One that was blocked, and has too little room for any action, stays so.
    else if (entries.length === 0 && turns.isBlocked(signer) && taking.hasWorkFor(signer)) blockSigner(signer, 'full')
    else turns.unblock(signer)
    if (entries.length > 0) {
      queueMicrotask(assign)
      try {
        const blocker = await handle(signer, entries)
        if (blocker) blockSigner(signer, blocker)
      } catch (error) {
        for (const entry of entries) queue.fail(entry, error)
      }
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

  /** What the signer may take, or why nothing. A signer that was blocked is asked what it can send. */
  async function choiceFor(signer: Signer): Promise<Choice | Blocker> {
    try {
      const room = turns.isBlocked(signer) ? await placer.roomOf(signer) : undefined
      return typeof room === 'string' ? room : await taking.choiceFor(signer, room)
    } catch (error) {
      // Nothing awaits a batch: a rejection would end the process, and with it all actions that wait.
      if (!isUnavailable(error)) {
        logger.error({ err: error, signer: signer.address }, 'cannot tell what a signer can send: it rests')
      }
      return 'unreachable'
    }
  }

  /** The actions keep waiting, unless every signer that can make them is blocked for long. */
  function blockSigner(signer: Signer, blocker: Blocker) {
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
    resolve({ result: 'left', blocker })
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
    async place(asked: Omit<Waiting, 'slot' | 'places' | 'resolve' | 'reject'>): Promise<Placement> {
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
        queue.fail(entry, unavailable(detail))
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
