import type { Address } from 'viem'
import type { Kinds, Places } from '../kinds/kind.ts'
import { isClaim } from '../kinds/request.ts'
import type { Room } from '../sender/action.ts'
import type { Signer } from '../sender/keys/signing.ts'
import { createPacking, mostPlaces, type Packed, type PlacesLeft } from './packing.ts'
import type { ActionQueue, Choice, Waiting } from './queue.ts'

/** The most actions that are simulated alone at once, each in a call of its own. */
const MOST_SIMULATIONS = 32

/** How far apart simulations start of actions that cost their clients nothing, in milliseconds. */
const FREE_INTERVAL_MS = 200

type Options = {
  kinds: Pick<Kinds, 'of'>
  maxBatch: number
  maxUnmined: number
  /** How many more transactions of the signer may have these places. */
  placesLeft: (signer: Address, of: readonly Places[]) => Promise<PlacesLeft>
  /** Called when more may be taken. */
  onDue: () => void
}

/** So many actions of the same places may be taken. `isDue`: also such that are not simulated yet. */
type Offer = { left: number; isDue: boolean }

/** How many there are is read when some of them are to be taken. */
const DUE: Offer = { left: Number.POSITIVE_INFINITY, isDue: true }
const NONE: Offer = { left: 0, isDue: false }

/** Whether the action shares a transaction: no other action shares the gas of what runs code of its party. */
export const isShared = ({ request, examined }: Waiting): boolean => isClaim(request) && !examined.runsWalletCode

/**
 * Decides which waiting actions a signer takes, so that it simulates only what it can send. What costs its clients nothing is
 * simulated a few at a time, and only where the signer has places left for it.
 */
export function createTaking(
  queue: Pick<ActionQueue, 'has' | 'countTaken'>,
  { kinds, maxBatch, maxUnmined, placesLeft, onDue }: Options,
) {
  const offers = new Map<Places, Offer>([
    ['work', DUE],
    ['free', DUE],
    ['open', DUE],
  ])

  /** What is simulated alone keeps its turn until it is stored or put back. */
  function hasTurn(entry: Waiting): boolean {
    const { places, ready } = entry
    if (ready || isShared(entry)) return true
    const taken = queue.countTaken((one) => one.places === places && !isShared(one))
    return taken < Math.min(MOST_SIMULATIONS, mostPlaces(places, maxUnmined))
  }

  /** Whether the signer takes the entry by what is offered: asked before a batch and in it, or batches that take nothing would begin without end. */
  const isOffered = (entry: Waiting, signer: Signer, { left, isDue } = NONE): boolean =>
    entry.signers.includes(signer) && hasTurn(entry) && left > 0 && (isDue || entry.ready !== undefined)

  const mayTake = (entry: Waiting, signer: Signer) => isOffered(entry, signer, offers.get(entry.places))

  return {
    hasWorkFor: (signer: Signer) => queue.has((entry) => mayTake(entry, signer)),

    /** Decides what the signer takes of the queue. @param room what it can send; undefined if that is not known. */
    async choiceFor(signer: Signer, room?: Room): Promise<Choice> {
      const wanted = (['free', 'open'] as const).filter((places) =>
        queue.has((entry) => entry.places === places && mayTake(entry, signer)),
      )
      const due: readonly Places[] = wanted.filter((places) => offers.get(places) === DUE)
      for (const places of due) {
        offers.set(places, NONE)
        setTimeout(() => {
          offers.set(places, DUE)
          onDue()
        }, FREE_INTERVAL_MS).unref()
      }
      const left = await placesLeft(signer.address, wanted)
      const now = new Map<Places, Offer>([['work', DUE]])
      for (const [places, count] of left) {
        now.set(places, { left: count, isDue: due.includes(places) })
        if (offers.get(places) !== DUE) offers.set(places, { left: count, isDue: false })
      }
      const packing = room && createPacking(room, maxBatch, left)
      const packed = (entry: Waiting): Packed => {
        const { message } = entry.request
        return { places: entry.places, gas: kinds.of(message).mostGasOf(message), isShared: isShared(entry) }
      }
      return {
        fits: (entry) => isOffered(entry, signer, now.get(entry.places)) && (!packing || packing.fits(packed(entry))),
        take(entry) {
          packing?.take(packed(entry))
          const offer = now.get(entry.places) ?? NONE
          now.set(entry.places, { ...offer, left: offer.left - 1 })
        },
      }
    },

    /** Whether no signer had a place for such actions. */
    lacksPlace: (places: Places) => offers.get(places)?.left === 0,
  }
}
