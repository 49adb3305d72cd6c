import type { Signer } from '../sender/keys/signing.ts'
import type { Blocker, PlacedTx, Placer, Quote } from '../sender/placement.ts'
import { type ClaimRoom, claimRoomOf, claimsCall } from './chain/gas.ts'
import type { ClaimsContext } from './context.ts'
import { CLAIM } from './store/claims.ts'
import { type Candidate, type Obstacle, reserve } from './store/reservations.ts'

/** The claims that got a nonce, by transaction, and why the others got none. */
export type Placed = {
  transactions: { placed: PlacedTx; candidates: Candidate[] }[]
  obstacles: Map<Candidate, Obstacle>
}

/**
 * Stores claims with signed transactions, as few as possible.
 * @param take is called once the signer is locked, and not at all if it is blocked. `notSigning` may follow it: then the
 * claims that it returned are not stored, and another signer can make them.
 */
export async function placeClaims(
  { market, maxBatch, walletLimits, spendingLimits }: ClaimsContext,
  placer: Placer,
  signer: Signer,
  quote: Promise<Quote>,
  take: (room: ClaimRoom) => Candidate[],
): Promise<Placed | Blocker> {
  let reservation: Awaited<ReturnType<typeof reserve>> = { groups: [], obstacles: new Map() }
  const placed = await placer.place(signer, quote, async (db, room) => {
    const claimRoom = claimRoomOf(room, maxBatch)
    const terms = { maxItems: claimRoom.items, price: room.price, walletLimits, spendingLimits }
    reservation = await reserve(db, take(claimRoom), terms)
    return reservation.groups.map(({ tx, candidates }) => {
      const claims = candidates.map(({ claim, gas }) => ({ request: claim.request, gas }))
      return { tx, kind: CLAIM, call: claimsCall(market, signer.address, claims) }
    })
  })
  if (typeof placed === 'string') return placed
  const transactions = reservation.groups.flatMap(({ tx, candidates }) => {
    const own = placed.find((one) => one.tx === tx)
    return own ? [{ placed: own, candidates }] : []
  })
  return { transactions, obstacles: reservation.obstacles }
}
