import type { Candidate, Examined, Places } from '../kinds/kind.ts'
import type { Room } from '../sender/action.ts'
import type { Signer } from '../sender/keys/signing.ts'
import type { PipelineContext } from './context.ts'
import { createPacking, mostPlaces, type Packed, type PlacesLeft } from './packing.ts'
import { placesLeft } from './placing.ts'
import type { Choice, Entry } from './queue.ts'

/** The most actions that are simulated alone at once, each in a call of its own. */
const MOST_SIMULATIONS = 32

/** How far apart simulations start of actions that cost their clients nothing, in milliseconds. */
const FREE_INTERVAL_MS = 200

/** An action in the queue. `ready`: once it has passed its simulation. */
type Waiting = Entry<never> & { examined: Examined; ready?: { candidate: Candidate } }

type Queue<One> = {
  has: (matches: (entry: One) => boolean) => boolean
  countTaken: (matches: (entry: One) => boolean) => number
}

/** What may be taken for a signer. `room`: what it can send, if that is known. `due`: the places of which some may be simulated. */
export type Allowance = { room?: Room | undefined; left: PlacesLeft; due: ReadonlySet<Places> }

/**
 * Decides which waiting actions a signer takes, so that none is simulated that it cannot send. What costs its clients nothing is
 * simulated a few at a time, and only where the signer has places left for it.
 * @param onDue is called when more of it may be taken.
 */
export function createTaking<One extends Waiting>(
  { pool, kinds, maxBatch, maxUnmined }: Pick<PipelineContext, 'pool' | 'kinds' | 'maxBatch' | 'maxUnmined'>,
  queue: Queue<One>,
  onDue: () => void,
) {
  /** When the next simulations of such places start, by `performance.now()`, and whether there was a place at the last look. */
  const turns = new Map<Places, { next: number; hadPlace: boolean }>()

  const batchOf = ({ request, examined }: One) =>
    examined.runsWalletCode ? undefined : kinds.of(request.message).batch
  const isDue = (places: Places) => performance.now() >= (turns.get(places)?.next ?? 0)

  /** What is simulated alone keeps its turn until it is stored or put back. */
  function hasTurn(entry: One): boolean {
    const { places, ready } = entry
    if (ready || batchOf(entry)) return true
    const taken = queue.countTaken((one) => one.places === places && !batchOf(one))
    return taken < Math.min(MOST_SIMULATIONS, mostPlaces(places, maxUnmined))
  }

  function isFor(entry: One, signer: Signer): boolean {
    const { signers, places, ready } = entry
    if (!signers.includes(signer) || !hasTurn(entry)) return false
    return places === 'work' || isDue(places) || (ready !== undefined && turns.get(places)?.hadPlace === true)
  }

  return {
    batchOf,

    hasWorkFor: (signer: Signer) => queue.has((entry) => isFor(entry, signer)),

    /** Counts the signer's places for what waits and costs nothing. @param room of a signer that was blocked. */
    async allow(signer: Signer, room?: Room): Promise<Allowance> {
      const of = (['free', 'open'] as const).filter((places) =>
        queue.has((entry) => entry.places === places && isFor(entry, signer)),
      )
      const due = new Set<Places>(of.filter(isDue))
      for (const places of due) {
        turns.set(places, { next: performance.now() + FREE_INTERVAL_MS, hadPlace: true })
        setTimeout(onDue, FREE_INTERVAL_MS + 1).unref()
      }
      const left = await placesLeft(pool, kinds, signer.address, { maxUnmined, of })
      for (const places of of) {
        const turn = turns.get(places)
        if (turn) turn.hadPlace = (left.get(places) ?? 0) > 0
      }
      return { room, left, due }
    },

    /** The entries that the signer takes. */
    choiceOf(signer: Signer, { room, left, due }: Allowance): Choice<One> {
      const packing = room && createPacking(room, maxBatch, left)
      const free = new Map(left)
      const packed = (entry: One): Packed => {
        const { message } = entry.request
        return { places: entry.places, gas: kinds.of(message).mostGasOf(message), batch: batchOf(entry) }
      }
      return {
        fits(entry) {
          const { signers, places, ready } = entry
          if (!signers.includes(signer) || !hasTurn(entry)) return false
          if (places !== 'work' && ((free.get(places) ?? 0) <= 0 || !(ready || due.has(places)))) return false
          return !packing || packing.fits(packed(entry))
        },
        take(entry) {
          packing?.take(packed(entry))
          free.set(entry.places, (free.get(entry.places) ?? 0) - 1)
        },
      }
    },

    /** Whether no signer had a place for such actions. */
    lacksPlace: (places: Places) => turns.get(places)?.hadPlace === false,
  }
}
