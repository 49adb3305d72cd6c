import { type ClaimRoom, claimRoomOf, transactionsOf } from '../kinds/claims/gas.ts'
import type { Candidate } from '../kinds/kind.ts'
import { CLAIM } from '../kinds/names.ts'
import { type Obstacle, reserve } from '../ledger/reserve.ts'
import { applicantOf } from '../pipeline/applicant.ts'
import type { PipelineContext } from '../pipeline/context.ts'
import type { Signer } from '../sender/keys/signing.ts'
import type { Blocker, PlacedTx, Placer, Quote } from '../sender/placement.ts'

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
  { kinds, maxBatch, walletLimits, spendingLimits }: PipelineContext,
  placer: Placer,
  signer: Signer,
  quote: Promise<Quote>,
  take: (room: ClaimRoom) => Candidate[],
): Promise<Placed | Blocker> {
  const groups = new Map<bigint, Candidate[]>()
  const obstacles = new Map<Candidate, Obstacle>()
  const placed = await placer.place(signer, quote, async (db, room) => {
    const claimRoom = claimRoomOf(room, maxBatch)
    const candidates = take(claimRoom)
    const applicants = candidates.map((candidate) => applicantOf(kinds, candidate, room.price))
    const answers = await reserve(db, applicants, {
      what: 'claims',
      walletLimits,
      spendingLimits,
      transactionsOf: (places) =>
        transactionsOf(
          candidates.filter((_, place) => places.includes(place)),
          claimRoom.items,
        ),
    })
    for (const [place, candidate] of candidates.entries()) {
      const answer = answers[place] ?? 'rival'
      if (typeof answer === 'bigint') groups.set(answer, [...(groups.get(answer) ?? []), candidate])
      else obstacles.set(candidate, answer)
    }
    return [...groups].map(([tx, group]) => {
      const actions = group.map(({ action: { request }, gas }) => ({ request, gas }))
      return { tx, kind: CLAIM, call: kinds.callOfAll(signer.address, actions) }
    })
  })
  if (typeof placed === 'string') return placed
  const transactions = placed.map((one) => ({ placed: one, candidates: groups.get(one.tx) ?? [] }))
  return { transactions, obstacles }
}
