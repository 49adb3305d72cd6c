import { type Hash, type Hex, size } from 'viem'
import type { Candidate, Examined, Places, Simulated } from '../kinds/kind.ts'
import { type ActionRequest, type NamedAction, nounOf } from '../kinds/request.ts'
import { rateLimited, unavailable } from '../refusal.ts'
import type { Signer } from '../sender/keys/signing.ts'
import type { Blocker, PlacedTx } from '../sender/placement.ts'
import type { Asking } from './context.ts'

/**
 * The most actions of the same places that wait in a process. A block of 30 million gas has room for two batches, 100 claims. So
 * a claim behind a thousand others would wait longer than its request.
 */
const MAX_WAITING = 1_000

/** The most actions beside claims of one client that wait for the same places. */
const MAX_OF_CLIENT = 64

/** After how many seconds such a client may send another one. */
const RETRY_SECONDS = 1

/** The most bytes of signatures that are taken at once. Nodes refuse transactions of more than 128 KiB. */
const MAX_SIGNATURE_BYTES = 65_536

/**
 * The result of an action in the queue.
 * - `placed`: it is stored with a signed transaction.
 * - `fails`, `undecided`: see `Simulated`.
 * - `rival`, `locked`: see `Obstacle` of `reserve`.
 * - `stale`: it must be examined again, because its run or its signature’s validity has changed.
 * - `left`: the request timed out while `blocker` kept the action in the queue.
 */
export type Placement =
  | { result: 'placed'; action: NamedAction; transaction: PlacedTx }
  | Exclude<Simulated, { result: 'passes' }>
  | { result: 'rival' | 'locked' | 'stale' }
  | { result: 'left'; blocker: Blocker | undefined }

/**
 * An action in the queue.
 * - `actionId`: a claim has one once it is simulated.
 * - `slot`: of a claim, its run: what it waits for has no round.
 * - `signers`: those that can make it.
 * - `former`: see `Candidate`.
 * - `ready`: the result of its simulation, the head that it was made at, and when, by `performance.now()`.
 * - `endWait`: ends its wait in the queue.
 */
export type Waiting = Asking & {
  request: ActionRequest
  actionId?: Hex | undefined
  examined: Examined
  slot: string
  places: Places
  signers: readonly Signer[]
  former?: bigint | undefined
  ready?: { head: Hash; at: number; candidate: Candidate }
  endWait?: (() => void) | undefined
  resolve: (result: Placement) => void
  reject: (error: unknown) => void
}

export type ActionQueue = ReturnType<typeof createQueue>

export function candidateOf({ ready }: Pick<Waiting, 'ready'>): Candidate {
  if (!ready) throw new Error('The action was not simulated')
  return ready.candidate
}

/** Which entries are taken. `take` is called with each, before the next one is asked for. */
export type Choice = { fits: (entry: Waiting) => boolean; take: (entry: Waiting) => void }

/**
 * The authenticated actions that wait for a signer. Those of each kind of places have a line of their own, which is bounded and fair:
 * the clients take turns, and if it is full, the client with the most actions loses one. One action of a slot is taken at a time,
 * because only one can succeed. A taken action leaves by `end`, `fail` or `putBack`: what comes later changes nothing.
 * @param onWait is called when an entry begins to wait, with a promise that resolves when it no longer waits.
 */
export function createQueue(onWait: (entry: Waiting, ended: Promise<void>) => void) {
  /** The waiting entries of each client, in the order of the clients’ turns. */
  type Line = Map<string, Waiting[]>
  /** In the order in which they are taken from. */
  const lines = new Map<Places, Line>([
    ['work', new Map()],
    ['free', new Map()],
    ['open', new Map()],
  ])
  /** The taken entry of each slot that has one. */
  const takenOf = new Map<string, Waiting>()

  const lineOf = ({ places }: Waiting) => lines.get(places) as Line
  const all = () => [...lines.values()].flatMap((line) => [...line.values()].flat())
  const isTaken = (entry: Waiting) => takenOf.get(entry.slot) === entry
  const isFree = ({ slot }: Waiting) => !takenOf.has(slot)

  function startWait(entry: Waiting, isFirst: boolean) {
    const { promise, resolve } = Promise.withResolvers<void>()
    entry.endWait = resolve
    onWait(entry, promise)
    const others = lineOf(entry).get(entry.client) ?? []
    lineOf(entry).set(entry.client, isFirst ? [entry, ...others] : [...others, entry])
  }

  function remove(gone: ReadonlySet<Waiting>) {
    for (const { endWait } of gone) endWait?.()
    for (const line of lines.values()) {
      for (const [client, entries] of line) {
        const rest = entries.filter((entry) => !gone.has(entry))
        if (rest.length > 0) line.set(client, rest)
        else line.delete(client)
      }
    }
  }

  function makeRoomFor(entry: Waiting) {
    const line = lineOf(entry)
    const isFull = (of: Waiting) => `The ${nounOf(of.request.message)} queue is full`
    const [largest] = [...line.values()].toSorted((left, right) => right.length - left.length)
    const newest = largest?.at(-1)
    const own = line.get(entry.client)?.length ?? 0
    if (!largest || !newest || newest.client === entry.client || largest.length <= own + 1) {
      throw unavailable(`${isFull(entry)}.`)
    }
    remove(new Set([newest]))
    newest.reject(unavailable(`${isFull(newest)}, and most of it is yours.`))
  }

  function assertFew(entry: Waiting) {
    const isAction = ({ request }: Waiting) => nounOf(request.message) === 'action'
    if (!isAction(entry)) return
    const waiting = (lineOf(entry).get(entry.client) ?? []).filter(isAction).length
    if (waiting < MAX_OF_CLIENT) return
    throw rateLimited(`${waiting} actions wait for a signer, all of ${entry.client}.`, RETRY_SECONDS)
  }

  /** Takes one entry of each client in turn, until there are `count` or no entry fits. */
  function pick(line: Line, count: number, choice: Choice, bytes: number): Set<Waiting> {
    const taken = new Set<Waiting>()
    let bytesLeft = bytes
    for (let isProgress = true; isProgress && taken.size < count; ) {
      isProgress = false
      for (const [client, entries] of [...line]) {
        if (taken.size >= count) return taken
        const entry = entries.find((one) => !taken.has(one) && isFree(one) && choice.fits(one))
        if (!entry) continue
        bytesLeft -= size(entry.request.signature)
        if (bytesLeft < 0) return taken
        taken.add(entry)
        takenOf.set(entry.slot, entry)
        choice.take(entry)
        isProgress = true
        // The client’s next turn is after all others.
        line.delete(client)
        line.set(client, entries)
      }
    }
    return taken
  }

  function release(entry: Waiting): boolean {
    return isTaken(entry) && takenOf.delete(entry.slot)
  }

  return {
    /** How many such actions wait. */
    count: (matches: (entry: Waiting) => boolean) => all().filter(matches).length,

    /** Whether the entry is taken, and neither ended nor put back. */
    isTaken,

    countTaken: (matches: (entry: Waiting) => boolean) => [...takenOf.values()].filter(matches).length,

    /** Whether there is an action to take. */
    has: (matches: (entry: Waiting) => boolean) => all().some((entry) => isFree(entry) && matches(entry)),

    /** @throws Refusal RATE_LIMITED; RELAY_UNAVAILABLE if the queue is full and no client has more actions in it. */
    enter(entry: Waiting) {
      assertFew(entry)
      const waiting = [...lineOf(entry).values()].reduce((sum, entries) => sum + entries.length, 0)
      if (waiting >= MAX_WAITING) makeRoomFor(entry)
      startWait(entry, false)
    },

    /** Takes at most `count` actions of different slots. */
    take(count: number, choice: Choice): Waiting[] {
      const taken: Waiting[] = []
      const bytes = () => taken.reduce((left, { request }) => left - size(request.signature), MAX_SIGNATURE_BYTES)
      for (const line of lines.values()) taken.push(...pick(line, count - taken.length, choice, bytes()))
      remove(new Set(taken))
      return taken
    },

    /** Puts taken entries back, before the others of their clients. */
    putBack(entries: readonly Waiting[]) {
      for (const entry of entries.toReversed()) if (release(entry)) startWait(entry, true)
    },

    /** Ends the taken entry with its result. Other entries of its slot may be taken then. */
    end(entry: Waiting, result: Placement) {
      if (release(entry)) entry.resolve(result)
    },

    /** Ends the taken entry with an error. */
    fail(entry: Waiting, error: unknown) {
      if (release(entry)) entry.reject(error)
    },

    /** Removes all waiting entries for which the predicate is true. */
    takeAll(matches: (entry: Waiting) => boolean): Waiting[] {
      const taken = all().filter(matches)
      remove(new Set(taken))
      return taken
    },
  }
}
