import type pg from 'pg'
import type { Address } from 'viem'
import { createBatcher } from '../../../../core/batcher.ts'
import type { Examined, Kinds, Places } from '../kinds/kind.ts'
import { type NamedAction, UNSIGNED } from '../kinds/request.ts'
import { type Applicant, MOST_OPEN, type Obstacle, reserve } from '../ledger/reserve.ts'
import { Refusal, unavailable } from '../refusal.ts'
import type { Reserved } from '../sender/action.ts'
import { type Signer, signingRestOf } from '../sender/keys/signing.ts'
import type { Blocker, PlacedTx, Placer } from '../sender/placement.ts'
import type { Send } from '../sender/send.ts'
import { lastingBlockers, type SignerBlocker } from '../sender/signerTurns.ts'
import { type Database, isConflict, query } from '../store/database.ts'
import type { ActionsContext } from './context.ts'
import { mostPlaces } from './turns.ts'

/** An action that passed its simulation and needs a nonce. */
export type ActionCandidate = Examined & {
  action: NamedAction
  gas: bigint
  /** The fees that the agent's completed runs have paid, in USDC base units. */
  fees: bigint
  /** The transaction that had decided it when it was simulated: of a call that can be made again. */
  former?: bigint | undefined
}

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

/** What is stored of the action, and what its limits are. @param price the most that a transaction offers per gas, in wei. */
function applicantOf(kinds: Kinds, candidate: ActionCandidate, price: bigint): Applicant {
  const { action, gas, runsWalletCode, former } = candidate
  const { actionId: id, request } = action
  const { message, signature } = request
  const kind = kinds.of(message)
  const { agentId, amount } = kind.takes?.(message) ?? { agentId: null, amount: 0n }
  const [party, deadline] = kind.hasParty ? [message.party, message.deadline] : [null, null]
  const of = { id, kind: message.action, party, agentId, amount, slot: kind.slotOf(message) }
  return {
    row: { ...of, body: kind.bodyOf(message), deadline, signature: signature === UNSIGNED ? null : signature },
    locks: kind.locksOf(message, candidate),
    mostOpen: runsWalletCode ? MOST_OPEN.ofContract : MOST_OPEN.ofKey,
    cost: gas * price,
    mostCost: kind.mostGas * price,
    subjects: kind.subjectsOf(message, candidate),
    need: kind.needOf?.(message, candidate),
    former,
  }
}

/**
 * Places actions, each in a chain transaction of its own: actions of different runs share nothing. Those that wait
 * for a signer at the same time are stored together.
 */
export function createPlaceAction(context: ActionsContext, placer: Placer, send: Send) {
  const { kinds, accounts, maxUnmined, walletLimits, spendingLimits, events, logger } = context
  /** What gathers the actions for each signer. */
  const batchers = new Map<Signer, (candidate: ActionCandidate) => Promise<Answer>>()
  let turn = 0

  /** The signers, from another one on each time. Those that rest because they did not sign come last. */
  function signersInTurn(): Signer[] {
    const first = turn++ % Math.max(1, accounts.length)
    const inOrder = accounts.slice(first).concat(accounts.slice(0, first))
    return inOrder.toSorted((left, right) => signingRestOf(left) - signingRestOf(right))
  }

  /** How many further actions the locked signer may send, by what they are, if it has so many places in all. */
  async function placesLeft(db: pg.PoolClient, signer: Signer, candidates: readonly ActionCandidate[]) {
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

  const placesOf = ({ action: { request } }: ActionCandidate) =>
    kinds.of(request.message).placesOf(request.message.action)

  /** @returns the answers, or refusals, in the order of the actions. */
  async function placeTogether(signer: Signer, candidates: readonly ActionCandidate[]): Promise<(Answer | Error)[]> {
    let reserved: (bigint | Obstacle)[] = []
    const placed = await placer.place(signer, placer.quote(signer), async (db, room) => {
      const left = await placesLeft(db, signer, candidates)
      let { gas, transactions } = room
      const at = (place: number) => candidates[place] as ActionCandidate
      const leftFor = (candidate: ActionCandidate) => left.get(placesOf(candidate)) ?? 0
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
  async function placeBatch(signer: Signer, candidates: readonly ActionCandidate[]): Promise<(Answer | Error)[]> {
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
  function placeWith(signer: Signer, candidate: ActionCandidate): Promise<Answer> {
    const run = (candidates: readonly ActionCandidate[]) => placeBatch(signer, candidates)
    const batcher = batchers.get(signer) ?? createBatcher(run, GATHERING)
    batchers.set(signer, batcher)
    return batcher(candidate)
  }

  async function broadcast(candidate: ActionCandidate, placed: PlacedTx) {
    const { signer, nonce, attempt } = placed
    const named = { ...candidate.action, signer, nonce, txHash: attempt.hash }
    events.emit('actionPlaced', named)
    events.emit('actionSent', { ...named, result: await send(placed) })
  }

  /** @throws Refusal RELAY_UNAVAILABLE if no signer can send for long; as `reserve` returns it. */
  return async function place(candidate: ActionCandidate): Promise<ActionPlacement> {
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
