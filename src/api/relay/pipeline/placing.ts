import type { Address } from 'viem'
import { reservedGas } from '../kinds/claims/gas.ts'
import type { Candidate, Kinds, Places } from '../kinds/kind.ts'
import { isClaim, nounOf, UNSIGNED } from '../kinds/request.ts'
import { type Applicant, type Obstacle, reserve } from '../ledger/reserve.ts'
import type { Signer } from '../sender/keys/signing.ts'
import type { Blocker, PlacedTx, Placer, Quote } from '../sender/placement.ts'
import { type Database, query } from '../store/database.ts'
import type { PipelineContext } from './context.ts'
import { callOfAll, createPacking, mostPlaces, type Packed, type PlacesLeft } from './packing.ts'

/** `ofNewContract`: of claims for an agent that has completed no run, and whose wallet is a contract. */
const MOST_OPEN = { ofKey: 30, ofContract: 8, ofNewContract: 3 }

/** The transaction of an action, or why it got none. */
export type Placed = PlacedTx | Obstacle

/**
 * Stores actions with signed transactions, as few as possible.
 * @param onLocked is called once the signer is locked, and not at all if it is blocked. `notSigning` may follow it: then nothing is
 * stored, and another signer can make the actions.
 * @returns the result of each action, in their order, or what blocks the signer.
 */
export async function placeActions(
  context: Pick<PipelineContext, 'kinds' | 'market' | 'maxBatch' | 'maxUnmined' | 'walletLimits' | 'spendingLimits'>,
  placer: Pick<Placer, 'place'>,
  signer: Signer,
  quote: Promise<Quote>,
  candidates: readonly Candidate[],
  onLocked?: () => void,
): Promise<Placed[] | Blocker> {
  const { kinds, maxBatch, maxUnmined, walletLimits, spendingLimits } = context
  let reserved: (bigint | Obstacle)[] = []
  const placed = await placer.place(signer, quote, async (db, room) => {
    onLocked?.()
    const packed = candidates.map((candidate) => packedOf(kinds, candidate))
    const left = await placesLeft(db, kinds, signer.address, { maxUnmined, of: packed.map(({ places }) => places) })
    const applicants = candidates.map((candidate) => applicantOf(kinds, candidate, room.price))
    const packing = createPacking(room, maxBatch, left)
    const at = (place: number) => packed[place] as Packed
    reserved = await reserve(db, applicants, {
      walletLimits,
      spendingLimits,
      room: { fits: (place) => packing.fits(at(place)), take: (place) => packing.take(at(place)) },
    })
    const stored = candidates.flatMap((candidate, place) => {
      const tx = reserved[place]
      return typeof tx === 'bigint' ? [{ tx, request: candidate.action.request, gas: candidate.gas }] : []
    })
    return [...Map.groupBy(stored, ({ tx }) => tx)].map(([tx, actions]) => {
      const [{ request }] = actions as [(typeof actions)[number]]
      return { tx, kind: request.message.action, call: callOfAll(context, signer.address, actions) }
    })
  })
  if (typeof placed === 'string') return placed
  const byTx = new Map(placed.map((one) => [one.tx, one]))
  return candidates.map(({ action }, place) => {
    const answer = reserved[place] ?? 'full'
    if (typeof answer !== 'bigint') return answer
    const own = byTx.get(answer)
    if (!own) throw new Error(`Action ${action.actionId} was stored without a transaction`)
    return own
  })
}

/**
 * How many open actions and reverts of the last day a party, or a claim's agent, may have with this one. An open action has
 * passed its simulation, and may still revert in its block at the relayer's expense. The code of a wallet can tell a block from
 * any simulation, and use all the gas of its transaction; what a key has signed runs only the code of the market.
 */
function mostOpenOf({ runsWalletCode, lock }: Candidate): number {
  if (!runsWalletCode) return MOST_OPEN.ofKey
  return lock?.completions === 0n ? MOST_OPEN.ofNewContract : MOST_OPEN.ofContract
}

/** What is stored of the action, and what its limits are. @param price the most that a transaction offers per gas, in wei. */
function applicantOf(kinds: Kinds, candidate: Candidate, price: bigint): Applicant {
  const { action, gas, lock, former, key } = candidate
  const { actionId: id, request } = action
  const { message, signature } = request
  const kind = kinds.of(message)
  const { agentId, amount } = kind.takes?.(message, lock) ?? { agentId: null, amount: 0n }
  const ofRun = message.action === 'claim' && { runId: message.bountyId, round: message.round, key }
  const isSigned = signature !== UNSIGNED
  return {
    row: {
      id,
      kind: message.action,
      party: kind.isForAnyone ? null : message.party,
      agentId,
      amount,
      slot: kind.slotOf(message),
      ...ofRun,
      body: kind.bodyOf(message),
      deadline: isSigned ? message.deadline : null,
      signature: isSigned ? signature : null,
    },
    what: `${nounOf(message)}s`,
    locks: kind.locksOf(message, candidate),
    mostOpen: mostOpenOf(candidate),
    cost: (isClaim(request) ? reservedGas(candidate) : gas) * price,
    mostCost: kind.mostGas * price,
    subjects: kind.subjectsOf(message, candidate),
    need: kind.needOf?.(message, candidate),
    former,
  }
}

/** What the action takes of its signer. */
function packedOf(kinds: Kinds, { action: { request }, gas, runsWalletCode }: Candidate): Packed {
  const { action } = request.message
  return { places: kinds.of(request.message).placesOf(action), gas, isShared: isClaim(request) && !runsWalletCode }
}

/** How many more of the signer's transactions may have these places. Work may have all. */
export async function placesLeft(
  database: Database,
  kinds: Pick<Kinds, 'namesWith'>,
  signer: Address,
  { maxUnmined, of }: { maxUnmined: number; of: readonly Places[] },
): Promise<PlacesLeft> {
  const left = new Map<Places, number>()
  for (const places of new Set(of)) {
    if (places === 'work') continue
    const taken = await takenPlaces(database, signer, kinds.namesWith(places))
    left.set(places, mostPlaces(places, maxUnmined) - taken)
  }
  return left
}

/** How many unmined transactions of the signer are for actions of these names. */
async function takenPlaces(database: Database, signer: Address, names: readonly string[]): Promise<number> {
  const text = `
    SELECT count(*)::int AS taken FROM relay.tx
    WHERE signer = $1 AND state IN ('signed', 'accepted') AND kind = ANY($2)`
  const [row] = await query<{ taken: number }>(database, text, [signer, names])
  if (!row) throw new Error(`The unmined transactions of ${signer} were not counted`)
  return row.taken
}
