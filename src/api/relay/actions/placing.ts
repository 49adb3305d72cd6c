import type pg from 'pg'
import type { Address } from 'viem'
import { createBatcher } from '../../../../core/batcher.ts'
import type { Candidate, Places } from '../kinds/kind.ts'
import { type Obstacle, reserve } from '../ledger/reserve.ts'
import { applicantOf } from '../pipeline/applicant.ts'
import type { PipelineContext } from '../pipeline/context.ts'
import { Refusal, unavailable } from '../refusal.ts'
import type { Reserved } from '../sender/action.ts'
import { type Signer, signingRestOf } from '../sender/keys/signing.ts'
import type { Blocker, PlacedTx, Placer } from '../sender/placement.ts'
import type { Send } from '../sender/send.ts'
import { lastingBlockers, type SignerBlocker } from '../sender/signerTurns.ts'
import { type Database, isConflict, query } from '../store/database.ts'
import { mostPlaces } from './turns.ts'

/** The most actions of a batch: they share a commit, and what the node says of their signer. */
const MAX_BATCH = 16

/** While a batch is placed, the next one gathers, also while a key signs slowly: many small ones would take longer. */
const GATHERING = { maxSize: MAX_BATCH, slowAfterMs: 10_000 }

/**
 * - `rival`, `locked`: see `reserve`.
 * - `full`: every signer has as many unmined transactions as it may have for such actions, or its node does not take them now.
 */
export type ActionPlacement = PlacedTx | 'rival' | 'locked' | 'full'

/** What a signer does with one action of a batch. */
type Answer = PlacedTx | 'rival' | 'locked' | Blocker

/**
 * Places actions, each in a chain transaction of its own: actions of different runs share nothing. Those that wait
 * for a signer at the same time are stored together.
 */
export function createPlaceAction(context: PipelineContext, placer: Placer, send: Send) {
  const { kinds, accounts, maxUnmined, walletLimits, spendingLimits, events, logger } = context
  /** What gathers the actions for each signer. */
  const batchers = new Map<Signer, (candidate: Candidate) => Promise<Answer>>()
  let turn = 0

  /** The signers, from another one on each time. Those that rest because they did not sign come last. */
  function signersInTurn(): Signer[] {
    const first = turn++ % Math.max(1, accounts.length)
    const inOrder = accounts.slice(first).concat(accounts.slice(0, first))
    return inOrder.toSorted((left, right) => signingRestOf(left) - signingRestOf(right))
  }

  /** How many further actions the locked signer may send, by what they are, if it has so many places in all. */
  async function placesLeft(db: pg.PoolClient, signer: Signer, candidates: readonly Candidate[]) {
    const left = new Map<Places, number>([['work', maxUnmined]])
    for (const places of candidates.map(placesOf)) {
      if (places === 'work' || left.has(places)) continue
      left.set(
        places,
        mostPlaces(places, maxUnmined) - (await takenPlaces(db, signer.address, kinds.namesWith(places))),
      )
    }
    return left
  }

  const placesOf = ({ action: { request } }: Candidate) => kinds.of(request.message).placesOf(request.message.action)

  /** @returns the answers, or refusals, in the order of the actions. */
  async function placeTogether(signer: Signer, candidates: readonly Candidate[]): Promise<(Answer | Error)[]> {
    let reserved: (bigint | Obstacle)[] = []
    const placed = await placer.place(signer, placer.quote(signer), async (db, room) => {
      const left = await placesLeft(db, signer, candidates)
      let { gas, transactions } = room
      const at = (place: number) => candidates[place] as Candidate
      const leftFor = (candidate: Candidate) => left.get(placesOf(candidate)) ?? 0
      const applicants = candidates.map((candidate) => applicantOf(kinds, candidate, room.price))
      reserved = await reserve(db, applicants, {
        what: 'actions',
        walletLimits,
        spendingLimits,
        room: {
          fits: (place) =>
            gas >= at(place).gas &&
            room.gasPerTransaction >= at(place).gas &&
            transactions > 0 &&
            leftFor(at(place)) > 0,
          take(place) {
            gas -= at(place).gas
            transactions--
            left.set(placesOf(at(place)), leftFor(at(place)) - 1)
          },
        },
        transactionsOf: (places) => places.map((_, tx) => tx),
      })
      return candidates.flatMap(({ action: { request }, gas }, place): Reserved[] => {
        const tx = reserved[place]
        if (typeof tx !== 'bigint') return []
        const { to, data } = kinds.callOf(signer.address, request)
        return [{ tx, kind: request.message.action, call: { to, data, gas } }]
      })
    })
    if (typeof placed === 'string') return candidates.map(() => placed)
    const byTx = new Map(placed.map((one) => [one.tx, one]))
    return candidates.map(({ action }, place) => {
      const answer = reserved[place] ?? 'full'
      if (typeof answer !== 'bigint') return answer
      const own = byTx.get(answer)
      if (!own) throw new Error(`Action ${action.actionId} was stored without a transaction`)
      return own
    })
  }

  /** If PostgreSQL refuses what one action stores, the others of its batch must not fail: then each is placed alone. */
  async function placeBatch(signer: Signer, candidates: readonly Candidate[]): Promise<(Answer | Error)[]> {
    try {
      return await placeTogether(signer, candidates)
    } catch (error) {
      if (candidates.length === 1 || error instanceof Refusal) throw error
      logger.warn({ err: error, actions: candidates.length }, 'cannot place a batch of actions: each is placed alone')
      const alone: (Answer | Error)[] = []
      for (const candidate of candidates) {
        alone.push(...(await placeTogether(signer, [candidate]).catch((refused: Error) => [refused])))
      }
      return alone
    }
  }

  /** Places the action with the others that wait for the signer. @throws Refusal as `reserve` returns it. */
  function placeWith(signer: Signer, candidate: Candidate): Promise<Answer> {
    const run = (candidates: readonly Candidate[]) => placeBatch(signer, candidates)
    const batcher = batchers.get(signer) ?? createBatcher(run, GATHERING)
    batchers.set(signer, batcher)
    return batcher(candidate)
  }

  async function broadcast(candidate: Candidate, placed: PlacedTx) {
    const { signer, nonce, attempt } = placed
    const named = { ...candidate.action, signer, nonce, txHash: attempt.hash }
    events.emit('actionPlaced', named)
    events.emit('actionSent', { ...named, result: await send(placed) })
  }

  /** @throws Refusal RELAY_UNAVAILABLE if no signer can send for long; as `reserve` returns it. */
  return async function place(candidate: Candidate): Promise<ActionPlacement> {
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
