import { createFairLane, type Requester } from '../../core/fairLane.ts'
import { Refusal, rateLimited, unavailable } from '../refusal.ts'
import { type Signer, signingRestOf } from '../sender/keys/signing.ts'
import type { Blocker, PlacedTx, Placer } from '../sender/placement.ts'
import type { Send } from '../sender/send.ts'
import { lastingBlockers, type SignerBlocker } from '../sender/signerTurns.ts'
import { isConflict } from '../store/database.ts'
import type { FormContext } from './context.ts'
import type { Message } from './request.ts'
import { type Candidate, createReservation } from './store/reservation.ts'

/**
 * How many actions are placed at once, each with a connection to the database, of which claims need some. An action takes
 * some milliseconds.
 */
const PLACING_LANE = {
  concurrency: 4,
  maxWaitingPerClient: 64,
  waiting: 'actions wait for a signer',
  refuseFull: rateLimited,
  refuseGone: unavailable,
}

/** The part of a signer's unmined transactions that calls without a party leave to what accounts have signed. */
const LEFT_TO_PARTIES = 0.5

/**
 * - `rival`, `locked`: see `reserve`.
 * - `full`: every signer has as many unmined transactions as it may have for this kind, or its node does not take them now.
 */
export type Placement = PlacedTx | 'rival' | 'locked' | 'full'

/** Places actions of a kind, each in a transaction of its own: actions of different runs share nothing. */
export function createPlaceAction<M extends Message>(context: FormContext<M>, placer: Placer, send: Send) {
  const { form, accounts, maxUnmined, walletLimits, spendingLimits, events, logger } = context
  const leftToOthers = form.hasParty ? 0 : Math.floor(maxUnmined * LEFT_TO_PARTIES)
  const { reserve } = createReservation(form)
  const inTurn = createFairLane(PLACING_LANE)
  let turn = 0

  /** The signers, from another one on each time. Those that rest because they did not sign come last. */
  function signersInTurn(): Signer[] {
    const first = turn++ % Math.max(1, accounts.length)
    const inOrder = accounts.slice(first).concat(accounts.slice(0, first))
    return inOrder.toSorted((left, right) => signingRestOf(left) - signingRestOf(right))
  }

  async function placeWith(signer: Signer, candidate: Candidate<M>): Promise<PlacedTx | 'rival' | 'locked' | Blocker> {
    let reserved = 'full' as Awaited<ReturnType<typeof reserve>> | 'full'
    const placed = await placer.place(signer, placer.quote(signer), async (db, room) => {
      const fits = room.gas >= candidate.gas && room.gasPerTransaction >= candidate.gas
      if (fits && room.transactions > leftToOthers)
        reserved = await reserve(db, candidate, { price: room.price, walletLimits, spendingLimits })
      if (typeof reserved === 'string' || reserved instanceof Refusal) return []
      const { message, signature } = candidate.action.request
      const { to, data } = form.call(signer.address, message, signature)
      return [{ tx: reserved.tx, kind: form.kind, call: { to, data, gas: candidate.gas } }]
    })
    if (typeof placed === 'string') return placed
    if (typeof reserved === 'string') return reserved
    if (reserved instanceof Refusal) throw reserved
    const [tx] = placed
    if (!tx) throw new Error(`Action ${candidate.action.actionId} was stored without a transaction`)
    return tx
  }

  async function broadcast(candidate: Candidate<M>, placed: PlacedTx) {
    const { signer, nonce, attempt } = placed
    const named = { ...candidate.action, signer, nonce, txHash: attempt.hash }
    events.emit('actionPlaced', named)
    events.emit('actionSent', { ...named, result: await send(placed) })
  }

  async function place(candidate: Candidate<M>): Promise<Placement> {
    const blockers: SignerBlocker[] = []
    for (const signer of signersInTurn()) {
      try {
        const placed = await placeWith(signer, candidate)
        if (typeof placed !== 'string') {
          broadcast(candidate, placed).catch((err) =>
            logger.error({ err, txHash: placed.attempt.hash }, 'cannot broadcast a transaction: the keeper will'),
          )
          return placed
        }
        if (placed === 'rival' || placed === 'locked') return placed
        blockers.push(placed)
      } catch (error) {
        // The same action, or another one of the party, was stored at the same time.
        if (isConflict(error)) return 'rival'
        throw error
      }
    }
    const lasting = blockers.map((blocker) => lastingBlockers.get(blocker))
    const isHopeless = lasting.every((one) => one !== undefined)
    if (!isHopeless) return 'full'
    const [soonest] = lasting.toSorted((left, right) => left.retrySeconds - right.retrySeconds)
    throw unavailable(
      soonest?.detail ?? 'The store of the relayer’s keys does not answer.',
      undefined,
      soonest?.retrySeconds,
    )
  }

  /** @throws Refusal RELAY_UNAVAILABLE if no signer can send for long; RATE_LIMITED. */
  return (candidate: Candidate<M>, requester: Requester): Promise<Placement> =>
    inTurn(requester, () => place(candidate))
}
