import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import type { Hash } from 'viem'
import type { ChainHead } from '../chain/heads.ts'
import { isExpiring } from '../chain/validity.ts'
import { createRunStep } from '../events.ts'
import { type ClaimRoom, claimRoomOf, fitting } from '../kinds/claims/gas.ts'
import type { Candidate, Examined } from '../kinds/kind.ts'
import { type NamedAction, nameOf, UNSIGNED } from '../kinds/request.ts'
import type { Asking, PipelineContext } from '../pipeline/context.ts'
import { isUnavailable, Refusal, unavailable } from '../refusal.ts'
import { type Signer, signingRestOf } from '../sender/keys/signing.ts'
import type { PlacedTx, Placer, Quote } from '../sender/placement.ts'
import type { Send } from '../sender/send.ts'
import { createSignerTurns, type SignerBlocker } from '../sender/signerTurns.ts'
import { isConflict } from '../store/database.ts'
import { createClaimQueue, type Entry, runOf } from './claimQueue.ts'
import { type Placed, placeClaims } from './placing.ts'
import { createSimulateClaims, type SimulatedClaim, type Unplaceable } from './simulateClaims.ts'

/** The size of a batch: the claims of so many transactions, but at least so many claims. */
const TRANSACTIONS_PER_BATCH = 4
const CLAIMS_PER_BATCH = 32

/** The batching delay per claim in flight, and its maximum, in milliseconds. */
const WINDOW_PER_CLAIM_MS = 1
const MAX_WINDOW_MS = 100

/**
 * How long a simulation counts after its head. Blocks may come faster than simulations end: without this, claims that are
 * simulated alone would be simulated again at each turn, and never be placed.
 */
const READY_MS = 1_000

/** How long a claim stays in the queue for its first turn after its request timed out, in milliseconds. */
export const LAST_CHANCE_MS = 1_000

/**
 * How long after its request timed out a taken claim is answered at the latest, in milliseconds. A request waits for 15 s,
 * and the server closes its connection after 30 s.
 */
const ANSWER_MS = 10_000

/**
 * The result of a claim in the queue.
 * - `placed`: it is stored with a signed transaction.
 * - `rival`, `locked`: see `Obstacle` of `reserve`.
 * - `stale`: it must be examined again, because its run or its signature’s validity has changed.
 * - `left`: the request timed out while `blocker` kept the claim in the queue.
 */
export type Placement =
  | { status: 'placed'; claim: NamedAction; transaction: PlacedTx }
  | Unplaceable
  | { status: 'rival' | 'locked' | 'stale' }
  | { status: 'left'; blocker: SignerBlocker | undefined }

/** A claim as the claim flow passes it to the queue. */
type Asked = Omit<Entry<Placement>, 'resolve' | 'reject'> &
  Pick<Asking, 'key' | 'gone' | 'until'> & { examined: Examined }

/** `ready`: the result of the claim's simulation, the head that it was made at, and when, by `performance.now()`. */
type Waiting = Entry<Placement> & Asked & { ready?: { head: Hash; at: number; candidate: Candidate } }

export type Dispatcher = ReturnType<typeof createDispatcher>

/**
 * Takes claims from the queue in batches, simulates each batch, and stores the claims that pass with signed
 * transactions. The signers take turns. While a signer works on a batch, claims gather for the next.
 */
export function createDispatcher(context: PipelineContext, placer: Placer, send: Send) {
  const { heads, accounts, maxBatch, interval, events, logger } = context
  const runStep = createRunStep(events)
  const simulateClaims = createSimulateClaims(context, runStep)
  const queue = createClaimQueue<Placement, Waiting>(({ request }, ended) => {
    void runStep('wait in the queue', [request], () => ended)
  })
  const turns = createSignerTurns(accounts, assign)
  /** Whether a signer gathers a batch. Only one does at a time, because two would halve the batches. */
  let isGathering = false
  /** The number of stored claims without an outcome. */
  let inFlight = 0

  const isBlocked = ({ signers }: Waiting) => signers.every(turns.isBlocked)

  function assign() {
    if (isGathering) return
    const signer = turns.start(queue.hasWorkFor)
    if (!signer) return
    isGathering = true
    void runBatch(signer)
  }

  async function runBatch(signer: Signer) {
    await batchWindow()
    const room = turns.isBlocked(signer) ? await roomOf(signer) : Number.POSITIVE_INFINITY
    if (typeof room === 'string') {
      isGathering = false
      turns.finish(signer)
      blockSigner(signer, room)
      return assign()
    }
    // Asked while the claims are simulated. If it fails, the placer asks again.
    const quote = placer.quote(signer)
    quote.catch(() => undefined)
    const share = Math.max(maxBatch, Math.ceil(queue.length() / turns.able()))
    const most = Math.max(maxBatch * TRANSACTIONS_PER_BATCH, CLAIMS_PER_BATCH)
    const entries = queue.take(signer, Math.min(share, most, room))
    turns.unblock(signer)
    isGathering = false
    queueMicrotask(assign)
    try {
      await handle(signer, quote, entries)
    } catch (error) {
      for (const entry of entries) fail(entry, error)
    }
    turns.finish(signer)
    assign()
  }

  /**
   * Waits for further claims, because a batch takes less gas per claim, and less work of node and indexer. The delay
   * grows with the number of claims in flight. It resolves after all requests that have arrived are parsed.
   */
  async function batchWindow() {
    if (inFlight > 0) await sleep(Math.min(inFlight * WINDOW_PER_CLAIM_MS, MAX_WINDOW_MS), undefined, { ref: false })
    await setImmediate()
  }

  /**
   * How many claims a blocked signer can make now, or why none. It is checked before claims are taken from the queue,
   * so that no claim is simulated that this signer cannot send.
   */
  async function roomOf(signer: Signer): Promise<number | SignerBlocker> {
    try {
      const room = await placer.roomOf(signer)
      if (typeof room === 'string') return room
      const { items, transactions } = claimRoomOf(room, maxBatch)
      return items * transactions
    } catch (error) {
      // Nothing awaits a batch: a rejection would end the process, and with it all claims that wait.
      if (!isUnavailable(error)) {
        logger.error({ err: error, signer: signer.address }, 'cannot tell what a signer can send: it rests')
      }
      return 'unreachable'
    }
  }

  /** Ends the wait of a taken entry, so that another claim of its run may be taken. */
  function settle(entry: Waiting, placement: Placement) {
    queue.release([entry])
    entry.resolve(placement)
  }

  /** As `settle`, if the claim cannot be placed. */
  function fail(entry: Waiting, error: unknown) {
    queue.release([entry])
    entry.reject(error)
  }

  async function handle(signer: Signer, quote: Promise<Quote>, entries: Waiting[]) {
    const head = await heads.latest()
    const present = entries.filter((entry) => isPresent(entry, head))
    // Asked once: a result that counts now may be too old after the simulations of the others.
    const ready = new Set(present.filter((entry) => isReady(entry, head)))
    const unready = present.filter((entry) => !ready.has(entry))
    const { together, others } = await simulateClaims(signer.address, head, unready)
    for (const [entry, simulated] of together) if (apply(entry, head, simulated)) ready.add(entry)
    // Claims that must be simulated alone do not delay the batch: those that pass join the next one.
    const alone: Waiting[] = []
    const simulations = [...others].map(async ([entry, simulated]) => {
      if (apply(entry, head, await simulated)) alone.push(entry)
    })
    if (present.length === 1) {
      await Promise.all(simulations)
      for (const entry of alone.splice(0)) ready.add(entry)
    }
    const placeable = present.filter((entry) => ready.has(entry) && queue.isTaken(entry))
    if (placeable.length > 0) await placeReady(signer, quote, placeable)
    void Promise.all(simulations).then(() => {
      queue.putBack(alone)
      assign()
    })
  }

  /** Ends the wait of a claim that does not pass. @returns whether it passes. */
  function apply(entry: Waiting, head: ChainHead, simulated: SimulatedClaim): boolean {
    const { hash } = head
    if ('candidate' in simulated) entry.ready = { head: hash, at: performance.now(), candidate: simulated.candidate }
    else if ('unplaceable' in simulated) settle(entry, simulated.unplaceable)
    else fail(entry, simulated.error)
    return 'candidate' in simulated
  }

  function isPresent(entry: Waiting, head: ChainHead): boolean {
    const { request, gone } = entry
    if (gone.aborted) settle(entry, { status: 'left', blocker: undefined })
    else if (request.signature !== UNSIGNED && isExpiring(request.message.deadline, head))
      settle(entry, { status: 'stale' })
    else return true
    return false
  }

  async function placeReady(signer: Signer, quote: Promise<Quote>, entries: Waiting[]) {
    let offered: Waiting[] | undefined
    const requests = entries.map(({ request }) => request)
    const offer = (room: ClaimRoom) => {
      const count = fitting(entries.map(candidateOf), room).length
      offered = entries.slice(0, count)
      return offered.map(candidateOf)
    }
    try {
      const placed = await runStep('sign and store', requests, () => placeClaims(context, placer, signer, quote, offer))
      if (typeof placed === 'string') {
        queue.putBack(entries)
        return blockSigner(signer, placed)
      }
      queue.putBack(entries.slice(offered?.length ?? 0))
      settlePlaced(offered ?? [], placed)
    } catch (error) {
      if (isConflict(error)) {
        for (const entry of entries) settle(entry, { status: 'rival' })
      } else if (offered === undefined && isUnavailable(error)) {
        queue.putBack(entries)
        blockSigner(signer, 'unreachable')
      } else {
        for (const entry of entries) fail(entry, error)
      }
    }
  }

  /** Broadcasts a transaction of these claims. */
  async function sendClaims(placed: PlacedTx, sent: readonly Waiting[]) {
    const { signer, nonce, attempt } = placed
    const name = { signer, nonce, txHash: attempt.hash }
    const actions = sent.map((entry) => nameOf(candidateOf(entry).action))
    for (const action of actions) events.emit('actionPlaced', { ...action, ...name })
    const requests = sent.map(({ request }) => request)
    const result = await runStep('broadcast', requests, () => send(placed), attempt.hash)
    for (const action of actions) events.emit('actionSent', { ...action, ...name, result })
  }

  function settlePlaced(entries: Waiting[], { transactions, obstacles }: Placed) {
    const transactionOf = new Map<Candidate, PlacedTx>()
    for (const { placed, candidates } of transactions) {
      for (const candidate of candidates) transactionOf.set(candidate, placed)
      const sent = entries.filter((entry) => candidates.includes(candidateOf(entry)))
      sendClaims(placed, sent).catch((err) =>
        logger.error({ err, txHash: placed.attempt.hash }, 'cannot broadcast a transaction: the keeper will'),
      )
    }
    for (const entry of entries) {
      const candidate = candidateOf(entry)
      const transaction = transactionOf.get(candidate)
      const obstacle = obstacles.get(candidate)
      if (transaction) settle(entry, { status: 'placed', claim: candidate.action, transaction })
      else if (obstacle instanceof Refusal) fail(entry, obstacle)
      else settle(entry, { status: obstacle === 'locked' ? obstacle : 'rival' })
    }
    const runs = new Set(entries.filter((entry) => transactionOf.has(candidateOf(entry))).map(runOf))
    for (const rival of queue.takeAll((entry) => runs.has(runOf(entry)))) rival.resolve({ status: 'rival' })
  }

  /** The claims keep waiting, unless every signer that can make them is blocked for long. */
  function blockSigner(signer: Signer, blocker: SignerBlocker) {
    // A key that does not sign gets no turn before it is asked again.
    turns.block(signer, blocker, Math.max(interval, signingRestOf(signer)))
    rejectHopeless()
    for (const entry of queue.takeAll((one) => one.until.aborted && isBlocked(one))) leave(entry)
  }

  /** Rejects the claims that no signer can take for long. */
  function rejectHopeless() {
    for (const entry of queue.takeAll(({ signers }) => turns.hopelessness(signers) !== undefined)) {
      const { detail = '', retrySeconds } = turns.hopelessness(entry.signers) ?? {}
      entry.reject(unavailable(detail, undefined, retrySeconds))
    }
  }

  function leave({ resolve, signers }: Waiting) {
    resolve({ status: 'left', blocker: turns.blockerAmong(signers) })
  }

  return {
    /** The number of waiting claims. */
    length: queue.length,

    /** Whether more claims wait than one transaction can make. */
    isLong: () => queue.length() > maxBatch,

    /** Counts a stored claim as in flight, for the batching delay. */
    countInFlight<T>(outcome: Promise<T>): Promise<T> {
      inFlight++
      return outcome.finally(() => {
        inFlight--
      })
    },

    /**
     * Puts the claim into the queue and waits for its turn.
     * @throws Refusal RELAY_UNAVAILABLE, RATE_LIMITED, CLAIM_REVERTED
     */
    async place(asked: Asked): Promise<Placement> {
      const { gone, until } = asked
      const { promise, resolve, reject } = Promise.withResolvers<Placement>()
      const entry: Waiting = { ...asked, resolve, reject }
      const giveUp = () => {
        for (const taken of queue.takeAll((one) => one === entry)) leave(taken)
      }
      const answer = () => {
        giveUp()
        if (!queue.isTaken(entry)) return
        const { requestId, message } = entry.request
        logger.error(
          { requestId, slot: runOf(entry), agentId: `${message.agentId}` },
          'a claim that was taken from the queue has no result in time',
        )
        const detail = 'The claim has no result in time. Whether it was stored is not known; send it again.'
        fail(entry, unavailable(detail))
      }
      const timers: NodeJS.Timeout[] = []
      const expire = () => {
        if (isBlocked(entry)) giveUp()
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
  if (!ready) throw new Error('The claim was not simulated')
  return ready.candidate
}
